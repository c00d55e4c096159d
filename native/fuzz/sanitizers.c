// How the sanitizers behave in our programs, which run without an environment. Most of them end by _exit or exec with
// what they hold still open, so leaks are not looked for; the proxy's tests count its descriptors instead.
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }
