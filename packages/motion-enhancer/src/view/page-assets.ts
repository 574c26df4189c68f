import { LIGHT } from './colours.js';
import { forestStyle } from './forest-style.js';

const variables = (colours: Readonly<Record<string, string>>) =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');

/** The pages' style sheet: light and dark, one column on a phone, no file beside it. */
export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media(prefers-color-scheme:dark){:root{--back:#141417;--card:#1d1d22;--ink:#ececf0;--soft:#a0a0ac;--line:#34343c;--accent:#f98e09;--heat:#f98e09;--warn-back:#3a2010;--warn:#ffc79e;--series:#8ea2ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 .25rem}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.4rem 0;max-width:46rem}
.soft,small,figcaption small{color:var(--soft)}
.banner{background:var(--warn-back);color:var(--warn);border-left:4px solid var(--heat);padding:.7rem 1rem;border-radius:4px;margin:1rem 0;max-width:none}
pre,code,.number{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;margin:.5rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
blockquote{margin:.5rem 0;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--line);overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,230px),1fr))}
.wide{grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr))}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem;min-width:0}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden;min-width:0}
figcaption{padding:.4rem .7rem .5rem;overflow-wrap:anywhere}figcaption small{display:block}
.window{overflow-x:auto}
.strip{position:relative;width:calc(var(--n)*200px);aspect-ratio:var(--strip);background-size:100% 100%}
.whole{max-width:100%}
.strip img{position:absolute;inset:0;width:100%;height:100%;display:block}
html:not(.js) .grid:not(.wide){grid-template-columns:1fr}
.js .viewer .window{overflow:hidden}
.js .viewer .strip{width:calc(var(--n)*100%);transform:translateX(calc(var(--f)/var(--n)*-100%))}
.film{margin-bottom:1rem}
.transport{display:none;gap:.75rem;align-items:center;margin:.75rem 0;position:sticky;top:0;z-index:2;background:var(--back);padding:.4rem 0}
.js .transport{display:flex}
.transport input{flex:1;min-width:4rem;accent-color:var(--accent)}
.transport output{min-width:9.5rem;text-align:right;font-variant-numeric:tabular-nums}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.35rem .9rem;cursor:pointer}
button:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.transport button{min-width:5.2rem}
.table{overflow:auto;max-height:26rem;border:1px solid var(--line);border-radius:8px;background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}
th{position:sticky;top:0;background:var(--card);font-weight:600}
th button{all:unset;cursor:pointer;font:inherit;font-weight:600}
th button:focus-visible{outline:2px solid var(--accent)}
th[aria-sort=ascending] button::after{content:" \\2191"}th[aria-sort=descending] button::after{content:" \\2193"}
tr:last-child td{border-bottom:0}
tr.kept td:first-child{box-shadow:inset 3px 0 var(--accent)}
tr:not(.kept).may{color:var(--soft)}
.bar{position:relative;display:block;height:.7rem;min-width:6rem;background:linear-gradient(var(--line),var(--line)) no-repeat center/100% 1px}
.bar i{position:absolute;top:0;bottom:0;background:var(--soft);opacity:.6;border-radius:2px}.kept .bar i,.bar.on i{background:var(--accent);opacity:1}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}svg .axis{stroke:var(--line);stroke-width:1}
svg .curve{fill:none;stroke:var(--series);stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}svg .beside{stroke:var(--soft);stroke-dasharray:5 4}svg circle{fill:var(--series)}${forestStyle((name) => `var(--${name})`)}.forest-card{margin:.75rem 0}.forest-card svg{min-width:40rem;max-width:56rem;margin:auto}
details{margin:.75rem 0}summary{cursor:pointer;color:var(--soft);margin-bottom:.4rem}summary:focus-visible{outline:2px solid var(--accent)}
@media(max-width:520px){main{padding:1rem .75rem 3rem}h1{font-size:1.4rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}.transport output{min-width:7.5rem;font-size:.85rem}.js .grid:not(.wide){grid-template-columns:1fr 1fr;gap:.5rem}}
@media print{.transport{display:none!important}.table{max-height:none}}
`;

/** Steps through frames (one number a section, read by its style) and sorts tables; the pages are whole without it. */
export const SCRIPT = `
'use strict';
document.documentElement.classList.add('js');
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
for (const section of document.querySelectorAll('[data-frames]')) {
  const count = Number(section.dataset.frames);
  const times = JSON.parse(section.dataset.times);
  const [button, slider, output] = ['button', 'input', 'output'].map((tag) => section.querySelector('.transport ' + tag));
  let timer = 0;
  const show = (frame) => {
    slider.value = frame;
    section.style.setProperty('--f', frame);
    output.textContent = 'frame ' + (frame + 1) + '/' + count + ', ' + times[frame];
  };
  const play = (on) => {
    clearInterval(timer);
    timer = on ? setInterval(() => show((Number(slider.value) + 1) % count), 350) : 0;
    button.textContent = on ? 'Pause' : 'Play';
  };
  button.addEventListener('click', () => play(!timer));
  slider.addEventListener('input', () => { play(false); show(Number(slider.value)); });
  show(0);
  play(!calm && count > 1);
}
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') === 'descending';
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const value = (row) => row.cells[column].dataset.value;
    const numeric = !Number.isNaN(Number(value(table.tBodies[0].rows[0])));
    const order = (a, b) => numeric ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b));
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => (up ? order(a, b) : order(b, a))));
  }));
}
`;
