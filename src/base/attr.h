/* What the compiler is told about functions beyond what C11 can say. */
#ifndef POSTHASTE_BASE_ATTR_H
#define POSTHASTE_BASE_ATTR_H

#if defined(__GNUC__)
#define MUST_CHECK __attribute__((warn_unused_result))
#define FORMAT(string, first) __attribute__((format(printf, string, first)))
#else
#define MUST_CHECK
#define FORMAT(string, first)
#endif

#endif
