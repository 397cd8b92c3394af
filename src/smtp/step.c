#include "smtp/step.h"

/*
 * RFC 5321 section 4.5.3.1.4 gives a command line 512 octets. It may be longer
 * by what parameters add. MAIL: SIZE 26 (RFC 1870), BODY 17 (RFC 6152),
 * SMTPUTF8 10 (RFC 6531), RET 9 and ENVID 107 (RFC 3461), REQUIRETLS 11 (RFC
 * 8689). RCPT: NOTIFY 29 and ORCPT 507 (RFC 3461). AUTH lines are those of RFC
 * 4954 section 4.
 */
#define LINE 512
#define MAIL_LINE (LINE + 26 + 17 + 10 + 9 + 107 + 11)
#define RCPT_LINE (LINE + 29 + 507)
#define AUTH_LINE 12288
#define REPLY_LINE 4096
#define AUTH_REPLY_LINE 16384

static const struct step_row rows[] = {
	[STEP_GREETING] = { "greeting", STAGE_GREETING, { 220 },
	    EX_UNAVAILABLE, 0, REPLY_LINE, STEP_TIMEOUT, "greeting",
	    "refused the connection" },
	[STEP_EHLO] = { "EHLO", STAGE_EHLO, { 250 },
	    EX_UNAVAILABLE, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to EHLO",
	    "refused EHLO" },
	[STEP_HELO] = { "HELO", STAGE_EHLO, { 250 },
	    EX_UNAVAILABLE, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to HELO",
	    "refused HELO" },
	[STEP_STARTTLS] = { "STARTTLS", STAGE_STARTTLS, { 220 },
	    EX_PROTOCOL, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to STARTTLS",
	    "refused STARTTLS" },
	[STEP_AUTH] = { "AUTH", STAGE_AUTH, { 334, 235 },
	    EX_NOPERM, AUTH_LINE, AUTH_REPLY_LINE, STEP_TIMEOUT,
	    "reply to AUTH", "refused the user or the password" },
	[STEP_MAIL] = { "MAIL", STAGE_MAIL, { 250 },
	    EX_UNAVAILABLE, MAIL_LINE, REPLY_LINE, STEP_TIMEOUT,
	    "reply to MAIL", "refused the sender" },
	[STEP_RCPT] = { "RCPT", STAGE_RCPT, { 250, 251, 252 },
	    EX_UNAVAILABLE, RCPT_LINE, REPLY_LINE, STEP_TIMEOUT,
	    "reply to RCPT", "refused a recipient" },
	[STEP_DATA] = { "DATA", STAGE_DATA, { 354 },
	    EX_UNAVAILABLE, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to DATA",
	    "refused to take the message" },
	[STEP_BDAT] = { "BDAT", STAGE_DATA, { 0 },
	    EX_UNAVAILABLE, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to BDAT",
	    "refused to take the message" },
	[STEP_BODY] = { "message", STAGE_BODY, { 0 },
	    EX_UNAVAILABLE, 0, REPLY_LINE, STEP_TIMEOUT,
	    "progress with the message",
	    "refused the message before its end" },
	[STEP_RECEIPT] = { "end of message", STAGE_RECEIPT, { 250 },
	    EX_UNAVAILABLE, 0, REPLY_LINE, STEP_DATA_TIMEOUT,
	    "reply to the message", "refused the message" },
	[STEP_RSET] = { "RSET", STAGE_QUIT, { 250 },
	    EX_UNAVAILABLE, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to RSET",
	    "refused RSET" },
	[STEP_QUIT] = { "QUIT", STAGE_QUIT, { 221 },
	    EX_UNAVAILABLE, LINE, REPLY_LINE, STEP_TIMEOUT, "reply to QUIT",
	    "refused QUIT" },
};

/* 5yz codes that have one meaning wherever they come; step 0: at any step. */
static const struct {
	int code;
	bool at_any_step;
	enum step step;
	int exit_code;
} codes_5yz[] = {
	{ 530, true, STEP_AUTH, EX_NOPERM },
	{ 534, true, STEP_AUTH, EX_NOPERM },
	{ 535, true, STEP_AUTH, EX_NOPERM },
	{ 538, true, STEP_AUTH, EX_NOPERM },
	{ 550, false, STEP_RCPT, EX_NOUSER },
	{ 551, false, STEP_RCPT, EX_NOUSER },
	{ 553, false, STEP_RCPT, EX_NOUSER },
};

const struct step_row *
step_row(enum step step)
{
	return &rows[step];
}

bool
step_is_refusal(const struct reply *reply)
{
	return reply_is(reply, 4) || reply_is(reply, 5);
}

static int
exit_of_5yz(enum step step, int code)
{
	size_t i;

	for (i = 0; i < sizeof(codes_5yz) / sizeof(codes_5yz[0]); i++)
		if (codes_5yz[i].code == code && (codes_5yz[i].at_any_step ||
		    codes_5yz[i].step == step))
			return codes_5yz[i].exit_code;
	return rows[step].exit_5yz;
}

bool
step_judge(enum step step, const struct reply *reply, struct error *err)
{
	const struct step_row *row = &rows[step];
	size_t i;

	for (i = 0; row->accepted[i] != 0; i++)
		if (reply->code == row->accepted[i])
			return true;
	if (error_is_set(err))
		return false;
	if (reply_is(reply, 4))
		(void)error_set_temporary(err, row->stage, 0,
		    "the relay %s for now", row->refusal);
	else if (reply_is(reply, 5))
		(void)error_set(err, row->stage, exit_of_5yz(step,
		    reply->code), "the relay %s", row->refusal);
	else
		(void)error_set(err, row->stage, EX_PROTOCOL,
		    "the relay gave a %s that isn't one: code %d",
		    row->awaited, reply->code);
	err->reply_code = reply->code;
	reply_enhanced(reply, err->enhanced, sizeof(err->enhanced));
	reply_quote(reply, err->reply, sizeof(err->reply));
	return false;
}
