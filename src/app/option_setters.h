/*
 * What the rows of option_tables.c do with a value.
 */
#ifndef POSTHASTE_APP_OPTION_SETTERS_H
#define POSTHASTE_APP_OPTION_SETTERS_H

#include "app/option_tables.h"

option_setter option_ignore;	/* for old callers' sake */
option_setter option_refuse_row;	/* row->text says why */
option_setter option_refuse_mode;	/* … and no message is read */
option_setter option_refuse_setting;	/* of -O, by its name */

option_setter option_check_word;	/* one of those in row->text */
option_setter option_check_number;

option_setter option_set_flag;	/* the bool at row->at */
option_setter option_set_text;	/* the string there */
option_setter option_set_private;	/* … but not for a CGI program */
option_setter option_set_demand;	/* the bool there: yes or no */
option_setter option_set_body;
option_setter option_set_delivery_mode;
option_setter option_set_envid;
option_setter option_set_error_mode;	/* by option_error_modes */
option_setter option_set_ignore_dots;
option_setter option_set_log_tag;
option_setter option_set_long_setting;	/* by option_settings */
option_setter option_set_mode;	/* by option_modes */
option_setter option_set_notify;
option_setter option_set_return;
option_setter option_set_sender;
option_setter option_set_short_setting;	/* by option_settings */
option_setter option_set_verbose;
option_setter option_set_warn_expiry;

option_setter option_choose;	/* the mode row->at; each stands alone */
option_setter option_choose_private;	/* … and isn't a CGI program's */
option_setter option_choose_configure;
option_setter option_choose_flush;
option_setter option_choose_import;

#endif
