import { defineConfig } from "vitest/config";

/** Slow machines, such as the virtual one of scripts/vm.mjs, get so many times the usual deadlines. */
const patience = Number(process.env["GANTRY_TEST_PATIENCE"] ?? 1);

/** Unit and property tests run anywhere in seconds; scenarios need root and real kernel features. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { test: { name: "property", include: ["test/property/**/*.test.ts"] } },
      {
        test: {
          name: "scenario",
          include: ["test/scenario/**/*.test.ts"],
          testTimeout: 60_000 * patience,
          hookTimeout: 60_000 * patience,
          fileParallelism: false,
        },
      },
    ],
  },
});
