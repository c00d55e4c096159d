// A web server that has one answer, without any library: it is all there is in its image.
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" GREETING " from an image of one file\n";

static void end(int signal) {
  (void)signal;
  _exit(0);
}

int main(void) {
  // The first process of a container has no default action for SIGTERM.
  signal(SIGTERM, end);
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8000)};
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0) return 1;
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    char request[4096];
    if (read(client, request, sizeof request) > 0 && write(client, answer, sizeof answer - 1) > 0)
      shutdown(client, SHUT_WR);
    close(client);
  }
}
