// A lane is one socket to the server with the queries that are under way on it. Its next ID and its oldest one are the two
// ends of a window: every ID between them is either under way (it has a time) or answered (its time is 0).
//
//      oldest ──▶ │ 812 │  0  │ 814 │  0  │ ◀── next          812 and 814 wait for their answers
//
// UDP sends and receives in batches; TCP writes messages behind their lengths, one after the other (RFC 7766 section 6.2.1.1).

#ifndef AZIMUTH_BENCH_LANE_H
#define AZIMUTH_BENCH_LANE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "histogram.h"

/** Datagrams of one system call, and messages queued on a lane before they are flushed. */
#define BATCH 32
#define MAX_QUERY_BYTES 512
#define MAX_ANSWER_BYTES 4096
/** Of the 65,536 IDs so many may be between oldest and next: more would let an old answer pass for a new one. */
#define MAX_WINDOW 60000u

struct query {
  const uint8_t *bytes;
  uint16_t length;
};

/** What an answer must be like to count as right. */
struct expectation {
  unsigned rcode;
  unsigned least_answers;
};

struct tally {
  struct expectation expected;
  /** From the intended time of sending to the answer; and to when it was sent (at a fixed rate). */
  struct histogram latency, lateness;
  uint64_t sent, answered, lost, wrong;
};

struct lane {
  int socket;
  bool is_tcp;
  uint16_t next_id, oldest_id;
  uint32_t under_way;
  uint64_t intended_ns[65536];
  /** Queries that wait to be handed to the kernel: for UDP `queued` datagrams, for TCP `out_used` bytes. */
  uint32_t queued;
  uint16_t lengths[BATCH];
  uint8_t out[BATCH * (2 + MAX_QUERY_BYTES)];
  size_t out_used;
  uint8_t in[BATCH * MAX_ANSWER_BYTES];
  size_t in_used;
};

/** The monotonic clock. */
uint64_t now_ns(void);

/** Connects; ends the program when that fails. */
void open_lane(struct lane *lane, const struct sockaddr_in *target, bool is_tcp);

/** Whether one more query may be queued now. */
bool has_room(const struct lane *lane);

/** Queues a query that should have been sent at `intended_ns`. */
void queue_query(struct lane *lane, const struct query *query, uint64_t intended_ns, struct tally *tally);

/** Hands what is queued to the kernel, as far as it takes it. */
void flush_lane(struct lane *lane);

/** Takes in all answers that are there, at most a batch; says how many. */
uint32_t receive_answers(struct lane *lane, struct tally *tally);

/** Counts as lost what was to be sent before `before_ns` and is still under way. */
void expire_queries(struct lane *lane, uint64_t before_ns, struct tally *tally);

/** Prints why, and ends the program. */
_Noreturn void fail(const char *what);

#endif
