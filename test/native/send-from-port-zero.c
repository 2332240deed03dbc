/* Sends a datagram of 12 zeros from UDP port 0 of loopback to the port that is given: nothing that Node could do, but anybody
 * may. Needs CAP_NET_RAW; exits with 77 where that is missing. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int count, char **args) {
  if (count != 2) return 2;
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
  if (fd < 0) return 77;
  /* RFC 768: source port, destination port, length, checksum (0: none). */
  uint16_t datagram[10] = {0, htons(atoi(args[1])), htons(sizeof datagram), 0};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return sendto(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&to, sizeof to) == sizeof datagram ? 0 : 1;
}
