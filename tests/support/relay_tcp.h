/*
 * The relay's sockets. Internal to the relay.
 */
#ifndef POSTHASTE_TESTS_RELAY_TCP_H
#define POSTHASTE_TESTS_RELAY_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* A socket that listens on a free port of the loopback; -1 with errno. */
int tcp_listen(bool is_ipv6, bool has_tiny_buffer, int *port);

/* The same on a unix socket at `path`. */
int unix_listen(const char *path);

/* Small replies leave at once. No harm on a unix socket. */
void tcp_no_delay(int fd);

/* Segments with data that arrived so far; 0 where that isn't known. */
uint32_t tcp_segments_received(int fd);

#endif
