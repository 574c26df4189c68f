/** Where the processes of a group find each other. */
export type StorePlace =
  /** A path on a disk that all of them see, which no earlier group has used. */
  | { kind: 'file'; path: string }
  /**
   * A host and port, served by rank 0, or `byLauncher` (torchrun's agent). `prefix` keeps the keys of one attempt apart from
   * those of the next on the same server.
   */
  | { kind: 'tcp'; host: string; port: number; byLauncher?: boolean; prefix?: string };
