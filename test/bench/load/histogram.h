// A latency histogram as HdrHistogram lays it out: 64 buckets for every doubling of the value, so that whatever is read back
// is at most 1.6 % too high, from one nanosecond to an hour, in 18 KB and without a division when a value is noted.

#ifndef AZIMUTH_BENCH_HISTOGRAM_H
#define AZIMUTH_BENCH_HISTOGRAM_H

#include <stdint.h>

#define BUCKET_BITS 6
#define BUCKETS_PER_DOUBLING (1u << BUCKET_BITS)
/** 2^42 ns is over an hour, longer than any run: values above count as that. */
#define LARGEST_BITS 42
#define BUCKET_COUNT ((LARGEST_BITS - BUCKET_BITS + 1) * BUCKETS_PER_DOUBLING)

struct histogram {
  uint64_t counts[BUCKET_COUNT];
  uint64_t total;
  uint64_t sum_ns;
  uint64_t greatest_ns;
};

/** Values below 64 have a bucket each; from then on the top seven bits, and how far they were shifted, tell the bucket. */
static inline uint32_t bucket_of(uint64_t ns) {
  if (ns < BUCKETS_PER_DOUBLING) return (uint32_t)ns;
  if (ns >> LARGEST_BITS) return BUCKET_COUNT - 1;
  uint32_t shift = 63 - BUCKET_BITS - (uint32_t)__builtin_clzll(ns);
  return (shift << BUCKET_BITS) + (uint32_t)(ns >> shift);
}

/** The greatest value that falls into a bucket. */
static inline uint64_t bucket_end_ns(uint32_t bucket) {
  if (bucket < BUCKETS_PER_DOUBLING) return bucket;
  uint32_t shift = (bucket >> BUCKET_BITS) - 1;
  uint64_t top = bucket - ((uint64_t)shift << BUCKET_BITS);
  return ((top + 1) << shift) - 1;
}

static inline void note_latency(struct histogram *histogram, uint64_t ns) {
  histogram->counts[bucket_of(ns)]++;
  histogram->total++;
  histogram->sum_ns += ns;
  if (ns > histogram->greatest_ns) histogram->greatest_ns = ns;
}

/** The value that `share` (0 to 1) of all stay at or below; 0 when there are none. */
static inline uint64_t percentile_ns(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)(share * (double)histogram->total + 0.999999);
  uint64_t seen = 0;
  for (uint32_t bucket = 0; bucket < BUCKET_COUNT; bucket++) {
    seen += histogram->counts[bucket];
    if (seen >= wanted && seen > 0) {
      uint64_t end = bucket_end_ns(bucket);
      return end < histogram->greatest_ns ? end : histogram->greatest_ns;
    }
  }
  return histogram->greatest_ns;
}

#endif
