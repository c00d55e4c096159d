// The smallest server that says who it is: the host name and a newline for every connection on port 80, or on the
// port given as argument. Ends at SIGTERM by itself, so that stopping takes no grace period.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(int signal) {
  (void)signal;
  _exit(0);
}

int main(int argc, char **argv) {
  signal(SIGTERM, end);
  signal(SIGPIPE, SIG_IGN);
  char name[256];
  if (gethostname(name, sizeof name - 1)) return 1;
  name[sizeof name - 2] = 0;
  strcat(name, "\n");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 80)};
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) {
    perror("hello");
    return 1;
  }
  for (;;) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) continue;
    if (write(connection, name, strlen(name)) < 0) perror("hello");
    close(connection);
  }
}
