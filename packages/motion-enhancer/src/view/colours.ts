/** The pages' colours in light, by the names of their style sheet's variables. */
export const LIGHT = {
  back: '#fbfbf9',
  card: '#fff',
  ink: '#1c1c22',
  soft: '#63636e',
  line: '#dededa',
  accent: '#b4540a',
  heat: '#e45a31',
  'warn-back': '#fff1e6',
  warn: '#8a3800',
  series: '#3b5bdb',
} as const;

export type Colour = keyof typeof LIGHT;
