import { GantryError } from "../../error.ts";

/** Path parameter of every route about one container. */
export interface ContainerParams {
  readonly container: string;
}

/**
 * The container a path names: a name, an id, or the beginning of one. Whatever could not be a name goes no further,
 * so that nothing behind the API ever sees a slash or a dot-dot. Throws container.not-found.
 */
export function containerReference({ params }: { readonly params: ContainerParams }): string {
  const reference = params.container.replace(/^\//, "");
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(reference)) {
    throw new GantryError("container.not-found", `No such container: ${reference}`);
  }
  return reference;
}
