#include "support/relay_link.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "support/relay_tcp.h"

/* The transport of the TLS session. */
static ssize_t
push(gnutls_transport_ptr_t context, const void *data, size_t size)
{
	struct relay_link *l = context;
	ssize_t n = link_send_raw(l, data, size);

	if (n < 0) {
		l->transport_errno = errno;
		gnutls_transport_set_errno(l->session, errno);
	}
	return n;
}

static ssize_t
pull(gnutls_transport_ptr_t context, void *data, size_t size)
{
	struct relay_link *l = context;
	ssize_t n = link_receive_raw(l, data, size);

	if (n < 0) {
		l->transport_errno = errno;
		gnutls_transport_set_errno(l->session, errno);
	}
	return n;
}

static bool
make_session(struct relay_link *l)
{
	if (gnutls_init(&l->session, GNUTLS_SERVER |
	    GNUTLS_NO_AUTO_SEND_TICKET) != 0)
		return false;
	gnutls_transport_set_ptr(l->session, l);
	gnutls_transport_set_push_function(l->session, push);
	gnutls_transport_set_pull_function(l->session, pull);
	if (l->wants_client)
		gnutls_certificate_server_set_request(l->session,
		    GNUTLS_CERT_REQUEST);
	return gnutls_priority_set_direct(l->session, l->priority, NULL) == 0 &&
	    gnutls_credentials_set(l->session, GNUTLS_CRD_CERTIFICATE,
	    l->credentials) == 0 &&
	    gnutls_session_ticket_key_generate(&l->ticket_key) == 0 &&
	    gnutls_session_ticket_enable_server(l->session,
	    &l->ticket_key) == 0;
}

static void
handshake_failed(struct relay_link *l, int status)
{
	if (status == GNUTLS_E_FATAL_ALERT_RECEIVED ||
	    status == GNUTLS_E_WARNING_ALERT_RECEIVED) {
		link_tls_fault(l, gnutls_alert_get_name(gnutls_alert_get(
		    l->session)));
		l->end = RELAY_END_ALERT;
	} else {
		link_tls_fault(l, l->transport_errno == 0 ?
		    gnutls_strerror(status) : strerror(l->transport_errno));
		(void)gnutls_alert_send_appropriate(l->session, status);
		if (status == GNUTLS_E_PREMATURE_TERMINATION)
			l->end = RELAY_END_FIN;
		else if (l->transport_errno == ECONNRESET)
			l->end = RELAY_END_RESET;
	}
	link_close_socket(l);
}

/* The session in words, with the client's DN where its certificate is good. */
static void
note_session(struct relay_link *l)
{
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(l->session,
	    NULL);
	char *words = gnutls_session_get_desc(l->session);
	gnutls_datum_t name = { NULL, 0 };
	gnutls_x509_crt_t leaf = NULL;
	unsigned int status = 0;
	struct buf text;

	buf_init(&text, BUF_UNLIMITED);
	if (!buf_add_string(&text, words))
		link_failure(l, "no description");
	if (l->wants_client && chain != NULL &&
	    gnutls_certificate_verify_peers2(l->session, &status) == 0 &&
	    status == 0 && gnutls_x509_crt_init(&leaf) == 0 &&
	    gnutls_x509_crt_import(leaf, chain, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_dn3(leaf, &name, 0) == 0 &&
	    !buf_printf(&text, " from %.*s", (int)name.size,
	    (const char *)name.data))
		link_failure(l, "no description");
	link_note(l, EVENT_TLS, 0, 0, buf_span(&text));
	buf_free(&text);
	gnutls_free(name.data);
	gnutls_free(words);
	if (leaf != NULL)
		gnutls_x509_crt_deinit(leaf);
}

void
link_handshake(struct relay_link *l)
{
	int status;

	link_flush(l);
	if (!link_is_open(l))
		return;
	if (l->input.len > 0)
		link_failure(l, "octets behind STARTTLS, before the reply");
	buf_clear(&l->input);
	if (l->credentials == NULL || l->is_secure || !make_session(l)) {
		link_failure(l, "the TLS session can't be made");
		l->cant_send = true;
		return;
	}
	l->transport_errno = 0;
	do
		status = gnutls_handshake(l->session);
	while (status < 0 && gnutls_error_is_fatal(status) == 0 &&
	    l->transport_errno == 0);
	if (status != 0) {
		handshake_failed(l, status);
		return;
	}
	l->is_secure = true;
	note_session(l);
	l->flight_reads = 0;
	l->flight_octets = 0;
	l->segments = tcp_segments_received(l->fd);
}

void
link_alert(struct relay_link *l, int number)
{
	/* The record of a fatal alert before there is a session. */
	char record[] = "\x15\x03\x03\0\x02\x02?";

	link_flush(l);
	if (l->is_secure) {
		(void)gnutls_alert_send(l->session, GNUTLS_AL_FATAL,
		    (gnutls_alert_description_t)number);
		return;
	}
	record[sizeof(record) - 2] = (char)number;
	link_send(l, span_make(record, sizeof(record) - 1));
	link_flush(l);
}

/*
 * Judges what was sent outside the dialogue. As in link_flush, a client that
 * has gone can't be told: it may go as soon as it has its reply.
 */
static void
note_extra(struct relay_link *l, int status, const char *complaint)
{
	if (status == 0)
		return;
	if (l->transport_errno != 0)
		l->cant_send = true;
	else
		link_failure(l, "%s: %s", complaint, gnutls_strerror(status));
}

void
link_ticket(struct relay_link *l)
{
	link_flush(l);
	if (l->fd != -1 && !l->cant_send)
		note_extra(l, l->is_secure ?
		    gnutls_session_ticket_send(l->session, 1, 0) :
		    GNUTLS_E_INVALID_SESSION, "no ticket can be sent");
}

void
link_rekey(struct relay_link *l)
{
	link_flush(l);
	if (l->fd != -1 && !l->cant_send)
		note_extra(l, l->is_secure ?
		    gnutls_session_key_update(l->session, 0) :
		    GNUTLS_E_INVALID_SESSION, "no key update can be sent");
}
