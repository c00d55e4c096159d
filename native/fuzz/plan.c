// libFuzzer target: the decoder of launch plans, and what the interpreter relies on once a plan was accepted.
#include "../plan.h"
#include <stdlib.h>
#include <string.h>

static void check(int held) {
  if (!held) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length) {
  static struct plan plan;
  // A copy of exactly this size, so that one byte beyond it is found.
  uint8_t *bytes = malloc(length ? length : 1);
  if (!bytes) return 0;
  memcpy(bytes, input, length);
  const char *malformed = plan_decode(bytes, length, &plan);
  if (malformed) {
    check(plan.count == 0);
    free(bytes);
    return 0;
  }
  check(plan.count <= PLAN_MAX_OPERATIONS);
  for (uint32_t i = 0; i < plan.count; i++) {
    const struct operation *operation = &plan.operations[i];
    check(operation_name(operation->code) != NULL && operation->count <= PLAN_MAX_ARGUMENTS);
    for (int j = 0; j < operation->count; j++) {
      const struct argument *argument = &operation->arguments[j];
      check(argument->data >= bytes && argument->data + argument->length < bytes + length);
      check(argument->data[argument->length] == 0);
      check(strlen(text(operation, j)) <= argument->length);
    }
  }
  free(bytes);
  return 0;
}
