// Loads a DNS server on this machine and prints, as one line of JSON, how much it answered and how fast.
//
//   load udp|tcp PORT QUERIES SECONDS peak OUTSTANDING RCODE ANSWERS      as many as it can: so many are always under way
//   load udp|tcp PORT QUERIES SECONDS rate PER_SECOND RCODE ANSWERS       at a fixed rate, whatever the server does
//   … rate-asleep …                                                       the same, sleeping between queries, not spinning
//
// A sleeper shares its processor with the server, which clients in a network do not: it asks for a real-time priority, so that
// it is awake when a query is due. How late queries were sent nevertheless is told beside their latency, which includes it.
//
// At a fixed rate a query's latency counts from when it should have been sent, not from when it was: a server that stalls
// delays all queries that fall into the stall, and all of them say so (no coordinated omission). QUERIES has one message after
// the other, each behind its length in two bytes. An answer is right with this RCODE and at least so many ANSWERS. It talks
// to 127.0.0.1 only, for a minute at most; SIGTERM ends it early, with the figures so far. Linux (recvmmsg, sendmmsg).

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include "lane.h"

#define LANES 4
#define MAX_SECONDS 60
#define MAX_PER_SECOND 1000000
#define MAX_OUTSTANDING 8192
#define MAX_QUERIES 1000000
#define MAX_FILE_BYTES (256l << 20)
/** Without an answer for so long a query is lost. */
#define TIMEOUT_NS 1000000000ull
/** How often that is looked at. */
#define EXPIRE_EVERY_NS 5000000ull
#define NS_PER_SECOND 1000000000ull

enum pace { PEAK, RATE, RATE_ASLEEP };

struct plan {
  bool is_tcp;
  struct sockaddr_in target;
  struct query *queries;
  uint32_t query_count;
  double seconds;
  enum pace pace;
  /** Outstanding queries, or queries a second. */
  uint32_t amount;
  struct expectation expected;
};

static struct lane lanes[LANES];
static struct tally tally;
static volatile sig_atomic_t is_stopped = 0;

static void stop(int signal_number) {
  (void)signal_number;
  is_stopped = 1;
}

_Noreturn void fail(const char *what) {
  fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

static double read_number(const char *text, double least, double most, const char *what) {
  char *end;
  double number = strtod(text, &end);
  errno = 0;
  if (end == text || *end != '\0' || !(number >= least && number <= most)) fail(what);
  return number;
}

static void read_queries(const char *path, struct plan *plan) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path);
  if (fseek(file, 0, SEEK_END) != 0) fail(path);
  long size = ftell(file);
  if (size < 0) fail(path);
  errno = 0;
  if (size > MAX_FILE_BYTES) fail("the file of queries is too long");
  rewind(file);
  uint8_t *bytes = malloc((size_t)size + 1);
  plan->queries = calloc(MAX_QUERIES, sizeof *plan->queries);
  if (bytes == NULL || plan->queries == NULL) fail("no memory");
  if (fread(bytes, 1, (size_t)size, file) != (size_t)size) fail(path);
  fclose(file);
  for (long at = 0; at + 2 <= size && plan->query_count < MAX_QUERIES;) {
    uint16_t length = (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
    if (length < 12 || length > MAX_QUERY_BYTES || at + 2 + length > size) fail("the file of queries is damaged");
    plan->queries[plan->query_count++] = (struct query){bytes + at + 2, length};
    at += 2 + length;
  }
  if (plan->query_count == 0) fail("the file holds no query");
}

static struct plan read_plan(int count, char **arguments) {
  errno = 0;
  if (count != 9) fail("usage: load udp|tcp PORT QUERIES SECONDS peak|rate|rate-asleep AMOUNT RCODE ANSWERS");
  struct plan plan = {.is_tcp = strcmp(arguments[1], "tcp") == 0};
  if (!plan.is_tcp && strcmp(arguments[1], "udp") != 0) fail("udp or tcp");
  plan.target.sin_family = AF_INET;
  plan.target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  plan.target.sin_port = htons((uint16_t)read_number(arguments[2], 1, 65535, "PORT is 1 to 65535"));
  read_queries(arguments[3], &plan);
  plan.seconds = read_number(arguments[4], 0.01, MAX_SECONDS, "SECONDS is at most 60");
  const char *pace = arguments[5];
  if (strcmp(pace, "peak") == 0) plan.pace = PEAK;
  else if (strcmp(pace, "rate") == 0) plan.pace = RATE;
  else if (strcmp(pace, "rate-asleep") == 0) plan.pace = RATE_ASLEEP;
  else fail("peak, rate or rate-asleep");
  double most = plan.pace == PEAK ? MAX_OUTSTANDING : MAX_PER_SECOND;
  plan.amount = (uint32_t)read_number(arguments[6], plan.pace == PEAK ? LANES : 1, most, "AMOUNT is out of bounds");
  plan.expected.rcode = (unsigned)read_number(arguments[7], 0, 15, "RCODE is 0 to 15");
  plan.expected.least_answers = (unsigned)read_number(arguments[8], 0, 100, "ANSWERS is 0 to 100");
  return plan;
}

static const struct query *next_query(const struct plan *plan) {
  return &plan->queries[tally.sent % plan->query_count];
}

/** Each lane is filled up to its part of the outstanding queries. */
static void queue_outstanding(const struct plan *plan) {
  for (uint32_t index = 0; index < LANES; index++) {
    struct lane *lane = &lanes[index];
    uint64_t now = now_ns();
    while (lane->under_way < plan->amount / LANES && has_room(lane)) queue_query(lane, next_query(plan), now, &tally);
  }
}

static uint64_t due_ns(const struct plan *plan, uint64_t began_ns) {
  return began_ns + (uint64_t)((double)tally.sent * (double)NS_PER_SECOND / plan->amount);
}

/** All whose time has come, in turn on the lanes. A lane without room keeps its turn: lateness shows as latency. */
static void queue_due(const struct plan *plan, uint64_t began_ns, uint64_t now, uint64_t end_ns) {
  for (;;) {
    uint64_t intended_ns = due_ns(plan, began_ns);
    struct lane *lane = &lanes[tally.sent % LANES];
    if (intended_ns > now || intended_ns >= end_ns || !has_room(lane)) return;
    note_latency(&tally.lateness, now - intended_ns);
    queue_query(lane, next_query(plan), intended_ns, &tally);
  }
}

static void sleep_until(uint64_t wake_ns) {
  struct pollfd waiting[LANES];
  for (uint32_t index = 0; index < LANES; index++) waiting[index] = (struct pollfd){lanes[index].socket, POLLIN, 0};
  uint64_t now = now_ns();
  if (wake_ns <= now) return;
  struct timespec left = {(time_t)((wake_ns - now) / NS_PER_SECOND), (long)((wake_ns - now) % NS_PER_SECOND)};
  if (ppoll(waiting, LANES, &left, NULL) < 0 && errno != EINTR) fail("cannot wait");
}

static uint32_t count_under_way(void) {
  uint32_t sum = 0;
  for (uint32_t index = 0; index < LANES; index++) sum += lanes[index].under_way;
  return sum;
}

/** Answers the seconds for which queries were sent. */
static double run(const struct plan *plan) {
  uint64_t began_ns = now_ns();
  uint64_t end_ns = began_ns + (uint64_t)(plan->seconds * (double)NS_PER_SECOND);
  uint64_t next_expiry_ns = began_ns;
  for (;;) {
    uint64_t now = now_ns();
    if (is_stopped && now < end_ns) end_ns = now;
    // At a fixed rate what should have been sent before the end is sent, even if we come to it late.
    bool is_sending = plan->pace == PEAK ? now < end_ns : due_ns(plan, began_ns) < end_ns && now < end_ns + TIMEOUT_NS;
    if (!is_sending && (count_under_way() == 0 || now > end_ns + TIMEOUT_NS)) break;
    if (is_sending && plan->pace == PEAK) queue_outstanding(plan);
    if (is_sending && plan->pace != PEAK) queue_due(plan, began_ns, now, end_ns);
    for (uint32_t index = 0; index < LANES; index++) {
      flush_lane(&lanes[index]);
      receive_answers(&lanes[index], &tally);
    }
    if (now >= next_expiry_ns) {
      next_expiry_ns = now + EXPIRE_EVERY_NS;
      for (uint32_t index = 0; index < LANES; index++)
        if (now > TIMEOUT_NS) expire_queries(&lanes[index], now - TIMEOUT_NS, &tally);
    }
    if (plan->pace == RATE_ASLEEP) {
      uint64_t due = due_ns(plan, began_ns);
      sleep_until(is_sending && due < next_expiry_ns ? due : next_expiry_ns);
    }
  }
  for (uint32_t index = 0; index < LANES; index++) expire_queries(&lanes[index], UINT64_MAX, &tally);
  return (double)(end_ns - began_ns) / (double)NS_PER_SECOND;
}

static void print_percentiles(const char *name, const struct histogram *times) {
  double mean_ns = times->total ? (double)times->sum_ns / (double)times->total : 0;
  printf(",\"%s\":{\"mean\":%.2f,\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f}", name, mean_ns / 1e3,
         (double)percentile_ns(times, 0.5) / 1e3, (double)percentile_ns(times, 0.9) / 1e3,
         (double)percentile_ns(times, 0.99) / 1e3, (double)percentile_ns(times, 0.999) / 1e3,
         (double)times->greatest_ns / 1e3);
}

static void print_figures(double seconds) {
  printf("{\"sent\":%llu,\"answered\":%llu,\"lost\":%llu,\"wrong\":%llu,\"seconds\":%.6f", (unsigned long long)tally.sent,
         (unsigned long long)tally.answered, (unsigned long long)tally.lost, (unsigned long long)tally.wrong, seconds);
  print_percentiles("latencyUs", &tally.latency);
  print_percentiles("latenessUs", &tally.lateness);
  printf("}\n");
}

int main(int count, char **arguments) {
  struct plan plan = read_plan(count, arguments);
  tally.expected = plan.expected;
  struct sigaction action = {.sa_handler = stop};
  if (sigaction(SIGTERM, &action, NULL) < 0) fail("cannot listen for SIGTERM");
  // The kernel may wake a sleeper 50 µs late to save energy; that would be measured as the server's latency.
  if (prctl(PR_SET_TIMERSLACK, 1) < 0) fail("cannot set the timer slack");
  // Where that is not permitted, queries are as late as the server's threads make them, and the figures say so.
  if (plan.pace == RATE_ASLEEP) sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
  for (uint32_t index = 0; index < LANES; index++) open_lane(&lanes[index], &plan.target, plan.is_tcp);
  double seconds = run(&plan);
  print_figures(seconds);
  return 0;
}
