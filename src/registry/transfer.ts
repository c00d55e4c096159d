/** What is told of a layer that comes or goes. */
export interface LayerProgress {
  readonly state:
    | "waiting"
    | "exists"
    | "downloading"
    | "unpacking"
    | "retrying"
    | "pulled"
    | "preparing"
    | "present"
    | "pushing"
    | "mounted"
    | "pushed";
  /** Bytes so far, and in all. */
  readonly bytes?: number;
  readonly total?: number;
  /** Why it is tried again; where it was mounted from. */
  readonly message?: string;
}

/** What a pull or a push tells while it goes on. */
export type TransferEvent =
  /** `digest` of the manifest or index that the reference leads to. */
  | { readonly kind: "resolved"; readonly digest: string }
  | ({ readonly kind: "layer"; readonly digest: string } & LayerProgress)
  | { readonly kind: "warning"; readonly message: string };
