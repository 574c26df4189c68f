export type Aten = Record<string, (...args: any[]) => any>;
