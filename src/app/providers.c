#include "app/provider.h"

#include <stddef.h>

static const char app_password[] = "The password is one that the provider "
    "makes for a program (app password), not the account's.";

static const struct provider providers[] = {
	{ "gmail.com googlemail.com", "smtp.gmail.com", "465", false, NULL,
	    app_password },
	{ "outlook.com hotmail.com live.com msn.com", "smtp.office365.com",
	    "587", true, "xoauth2", "No password is taken: password_command "
	    "has to print an access token, in place of password_file." },
	{ "icloud.com me.com mac.com", "smtp.mail.me.com", "587", true, NULL,
	    app_password },
	{ "yahoo.com", "smtp.mail.yahoo.com", "465", false, NULL,
	    app_password },
	{ "yandex.com yandex.ru", "smtp.yandex.com", "465", false, NULL,
	    app_password },
	{ "fastmail.com fastmail.fm", "smtp.fastmail.com", "587", true, NULL,
	    app_password },
	{ "gmx.net gmx.de gmx.at gmx.ch", "mail.gmx.net", "465", false, NULL,
	    NULL },
	{ "posteo.de posteo.net", "posteo.de", "465", false, NULL, NULL },
	{ "zoho.com", "smtp.zoho.com", "465", false, NULL, NULL },
};

const struct provider *
provider_find(struct span domain)
{
	struct span rest, each;
	size_t i;

	for (i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		rest = span_of(providers[i].domains);
		while (span_next(&rest, ' ', &each))
			if (span_equals_nocase(each, domain))
				return &providers[i];
	}
	return NULL;
}
