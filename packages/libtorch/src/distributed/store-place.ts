/** Where the processes of a group find each other. */
export type StorePlace =
  /** A path on a disk that all of them see, which no earlier group has used. */
  | { kind: 'file'; path: string }
  /**
   * A host and port. `serve`: this process serves it, by default rank 0; a launcher that serves it itself (torchrun) leaves
   * that to none. `prefix` keeps the keys of one attempt apart from those of the next on the same server.
   */
  | { kind: 'tcp'; host: string; port: number; serve?: boolean; prefix?: string };
