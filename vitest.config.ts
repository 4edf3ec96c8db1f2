import { defineConfig } from "vitest/config";

/** Compare times with each other, so nothing of ours may run beside them. */
const ALONE = ["test/security/refusal-timing.test.ts"];

const common = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "all",
          include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ALONE,
          // Many tests wait for processes and disks: one file at a time leaves half of a small machine idle.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { test: { ...common, name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
