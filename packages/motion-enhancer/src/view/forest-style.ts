import { type Colour, LIGHT } from './colours.js';
import { type Forest, forestPlot } from './forest-plot.js';
import { Html } from './html.js';

/** The plot's rules. @param colour what stands for a colour of the pages */
export const forestStyle = (colour: (name: Colour) => string): string => `
.forest text{fill:${colour('ink')};font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.forest .name{font:11.5px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.forest text.soft{fill:${colour('soft')}}
.forest .stripe{fill:${colour('line')};opacity:.35}.forest .axis{stroke:${colour('line')}}.forest .zero{stroke:${colour('ink')};stroke-width:1.2}
.forest .span{stroke-width:2;stroke-linecap:round}
.forest .m0{fill:${colour('series')};stroke:${colour('series')}}.forest .m1{fill:${colour('accent')};stroke:${colour('accent')}}
`;

/** The plot as a file of its own, in light: a picture in a page does not know the page's colours. */
export function forestFile(forest: Forest): string {
  const style = `<style>${forestStyle((name) => LIGHT[name])}</style>`;
  const back = `<rect width="100%" height="100%" fill="${LIGHT.card}"/>`;
  const svg = forestPlot(forest, new Html(' xmlns="http://www.w3.org/2000/svg"')).text;
  const at = svg.indexOf('>') + 1;
  return `${svg.slice(0, at)}\n${style}${back}${svg.slice(at)}\n`;
}
