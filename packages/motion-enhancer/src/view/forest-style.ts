import { type Forest, forestPlot } from './forest-plot.js';
import { Html } from './html.js';

/** The plot's rules. @param colour what stands for a colour of the pages */
export const forestStyle = (colour: (name: string) => string): string => `
.forest text{fill:${colour('ink')};font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.forest .name{font:11.5px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.forest text.soft{fill:${colour('soft')}}
.forest .stripe{fill:${colour('line')};opacity:.35}.forest .axis{stroke:${colour('line')}}.forest .zero{stroke:${colour('ink')};stroke-width:1.2}
.forest .span{stroke-width:2;stroke-linecap:round}
.forest .m0{fill:${colour('series')};stroke:${colour('series')}}.forest .m1{fill:${colour('accent')};stroke:${colour('accent')}}
`;

/** Of the pages in light; fixed, since a picture in a page does not know the page's. */
const LIGHT: Readonly<Record<string, string>> = {
  ...{ back: '#ffffff', ink: '#1c1c22', soft: '#63636e', line: '#dededa', series: '#3b5bdb', accent: '#b4540a' },
};

/** The plot as a file of its own. */
export function forestFile(forest: Forest): string {
  const style = `<style>${forestStyle((name) => LIGHT[name]!)}</style>`;
  const back = `<rect width="100%" height="100%" fill="${LIGHT.back}"/>`;
  const svg = forestPlot(forest, new Html(' xmlns="http://www.w3.org/2000/svg"')).text;
  const at = svg.indexOf('>') + 1;
  return `${svg.slice(0, at)}\n${style}${back}${svg.slice(at)}\n`;
}
