import { makesContainer, type Problem, type Step } from "./action.ts";
import { byText } from "./order.ts";

/**
 * A problem for each image that a plan would make containers from, that is not on this machine, and that the plan does
 * not bring. A service all of whose containers exist and stay needs no image, so that one which was untagged does not
 * keep the others from being repaired.
 */
export function imageProblems(steps: readonly Step[]): Problem[] {
  const brought = new Set(
    steps.map(({ action }) =>
      action.kind === "import-image" || action.kind === "pull-image" ? action.reference : "",
    ),
  );
  const missing = new Map<string, string>();
  for (const { action } of steps) {
    if (!makesContainer(action)) continue;
    const { image } = action.config;
    if (action.imageId !== undefined || brought.has(image) || missing.has(image)) continue;
    missing.set(image, action.owner.service);
  }
  return [...missing]
    .sort(([a], [b]) => byText(a, b))
    .map(([image, service]) => ({
      code: "image.not-found",
      subject: `image ${image}`,
      message: `image ${image}, which service ${service} uses, is not on this machine`,
      next: `try: gantry pull ${image}, or gantry import FILE ${image}`,
    }));
}
