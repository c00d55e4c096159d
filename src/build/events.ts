/** What a build says while it runs. Steps are numbered from 1 in the file's order, over all stages that are built. */
export type BuildEvent =
  | {
      readonly kind: "step";
      readonly number: number;
      readonly total: number;
      readonly text: string;
      readonly stage?: string;
    }
  /** The step was done before; nothing was run. */
  | { readonly kind: "cached"; readonly number: number; readonly stage?: string }
  | { readonly kind: "output"; readonly number: number; readonly text: string; readonly stage?: string }
  /** The step made a layer. */
  | { readonly kind: "layer"; readonly number: number; readonly diffId: string; readonly stage?: string }
  | { readonly kind: "pulling"; readonly message: string }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "built"; readonly id: string; readonly names: readonly string[] };
