// The picture page: frames open and close, and the body around them is laid out anew by the rules of layout.py, heights.py
// and paint.py, from the plans and the text widths that the page brings along.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const K = data.constants;
const [PASS, IN, OUT] = [-1, -2, -3];

// ------------------------------------------------------------------------------------------------------ heights

function nearest(column, wish, force) {
  const shifts = [], pools = [];
  let shift = 0;
  column.forEach(([height, room], n) => {
    if (n) shift += room;
    shifts.push(shift);
    let mean = wish[n] - shift, weight = force[n], count = 1;
    while (pools.length && pools[pools.length - 1][0] > mean) {
      const [other, w, c] = pools.pop();
      mean = (mean * weight + other * w) / (weight + w);
      weight += w;
      count += c;
    }
    pools.push([mean, weight, count]);
    shift += height;
  });
  const level = pools.flatMap(([mean, , count]) => Array(count).fill(mean));
  return level.map((base, n) => base + shifts[n]);
}

function settle(column, tops, k, gaps, leftward, rightward) {
  const wish = column.map(() => 0), force = column.map(() => 0);
  if (leftward && k > 0)
    for (const j of gaps[k - 1]) {
      wish[j.right] += j.pull * (tops[k - 1][j.left] + j.leftOffset - j.rightOffset);
      force[j.right] += j.pull;
    }
  if (rightward && k < gaps.length)
    for (const j of gaps[k]) {
      wish[j.left] += j.back * (tops[k + 1][j.right] + j.rightOffset - j.leftOffset);
      force[j.left] += j.back;
    }
  tops[k] = nearest(column, wish.map((w, n) => (force[n] ? w / force[n] : tops[k][n])), force.map((f) => f || 0.01));
}

function stacked(column) {
  const tops = [];
  let end = 0;
  for (const [height, room] of column) {
    tops.push(end + room);
    end += room + height;
  }
  return tops.map((top) => top - end / 2);
}

function heights(columns, gaps) {
  const tops = columns.map(stacked);
  for (let sweep = 0; sweep < K.sweeps; sweep++) {
    const both = sweep >= K.sweeps - 2;
    for (let k = 1; k < columns.length; k++) settle(columns[k], tops, k, gaps, true, both);
    for (let k = columns.length - 2; k >= 0; k--) settle(columns[k], tops, k, gaps, both, true);
  }
  straighten(columns, tops, gaps);
  return tops;
}

function straighten(columns, tops, gaps) {
  const of = tops.map((column, k) => column.map((_, at) => ({ members: [[k, at]] })));
  const room = (block, move) =>
    block.members.every(([k, at]) => {
      const column = columns[k], row = tops[k];
      if (move < 0 && at > 0 && of[k][at - 1] !== block)
        return row[at] + move >= row[at - 1] + column[at - 1][0] + K.closer * column[at][1] - 1e-9;
      if (move > 0 && at + 1 < column.length && of[k][at + 1] !== block)
        return row[at] + move + column[at][0] + K.closer * column[at + 1][1] - 1e-9 <= row[at + 1];
      return true;
    });
  gaps.forEach((gap, k) => {
    for (const j of [...gap].sort((a, b) => b.pull - a.pull)) {
      const one = of[k][j.left], other = of[k + 1][j.right];
      if (one === other) continue;
      const miss = tops[k][j.left] + j.leftOffset - tops[k + 1][j.right] - j.rightOffset;
      if (Math.abs(miss) > K.nearly) continue;
      const [small, large, move] = other.members.length <= one.members.length ? [other, one, miss] : [one, other, -miss];
      if (!room(small, move)) continue;
      for (const [m, at] of small.members) {
        tops[m][at] += move;
        of[m][at] = large;
      }
      large.members.push(...small.members);
    }
  });
}

// ------------------------------------------------------------------------------------------------------- layout

const spread = (count, high, apart = K.ports) =>
  Array.from({ length: count }, (_, port) => high / 2 + apart * (port - (count - 1) / 2));

function sizeOf(body, slot, inner) {
  if (slot[0] < 0) return { width: 0, height: 0, ins: [0], outs: [0] };
  const cell = body.cells[slot[0]], opened = inner.get(slot[0]);
  if (!opened) {
    const apart = cell.shape === "sign" ? 1.2 * K.sign : K.ports;
    const ins = spread(cell.ins, cell.height, apart), outs = spread(cell.outs, cell.height, apart);
    return { width: cell.width, height: cell.height, ins, outs };
  }
  const high = K.head + opened.height + K.foot;
  const inside = (ys, count) => (ys.length === count ? ys.map((y) => K.head + y) : spread(count, high));
  return {
    width: Math.max(opened.width, cell.titleWidth + 24),
    height: Math.max(high, K.ports * Math.max(cell.ins, cell.outs) + 8),
    ins: inside(opened.ins, cell.ins),
    outs: inside(opened.outs, cell.outs),
    open: opened,
  };
}

function joints(body, sizes, k) {
  return body.gaps[k].flatMap(([slot, port, , targets]) => {
    const left = body.columns[k][slot];
    return targets.map(([at, into]) => {
      const passes = (left[0] === PASS) + (body.columns[k + 1][at][0] === PASS), pull = [1, 2, 8][passes];
      const light = left[0] >= 0 && body.cells[left[0]].ins === 0;
      const leftOffset = sizes[k][slot].outs[port], rightOffset = sizes[k + 1][at].ins[into];
      return { left: slot, leftOffset, right: at, rightOffset, pull: light ? pull / 50 : pull, back: pull };
    });
  });
}

function layout(node) {
  const body = data.bodies[node.body];
  const inner = new Map([...node.inner].map(([cell, child]) => [cell, layout(child)]));
  const sizes = body.columns.map((column) => column.map((slot) => sizeOf(body, slot, inner)));
  const rooms = body.columns.map((column, k) => column.map((slot, at) => [sizes[k][at].height, slot[1]]));
  const tops = heights(rooms, body.gaps.map((_, k) => joints(body, sizes, k)));
  const labels = body.gaps.map((gap, k) =>
    gap.map(([slot, port, kind, , label, wide]) => {
      const open = sizes[k][slot].open, out = open ? open.body.outs[port] : 0;
      return open && open.said.has(out) && open.body.types[out] === body.types[kind] ? ["", 0] : [label, wide];
    }),
  );
  const said = new Set(body.gaps.flatMap((gap, k) => gap.filter((_, n) => labels[k][n][0]).map((link) => link[2])));
  const line = columns(body, sizes, tops, labels);
  return { node, body, inner, labels, said, ...rows(body, sizes, tops, labels, line) };
}

const stub = ([, wide]) => Math.max(K.stub, wide + 9);

function columns(body, sizes, tops, labels) {
  const lefts = [], bends = [];
  let x = 0;
  sizes.forEach((row, k) => {
    const wide = Math.max(0, ...row.map((size) => size.width));
    const xs = row.map((size) => x + (wide - size.width) * (size.ins.length || !size.outs.length ? 0.5 : 1));
    lefts.push(xs);
    x += wide;
    if (k === body.gaps.length) return;
    let start = x, miss = 0;
    body.gaps[k].forEach(([slot, port, , targets], n) => {
      const edge = xs[slot] + row[slot].width;
      if (!targets.length) start = Math.max(start, edge + stub(labels[k][n]) + 4);
      else if (labels[k][n][0] || targets.length > 1) start = Math.max(start, edge + labels[k][n][1] + 8);
      const y = tops[k][slot] + row[slot].outs[port];
      for (const [at, into] of targets) miss = Math.max(miss, Math.abs(tops[k + 1][at] + sizes[k + 1][at].ins[into] - y));
    });
    x = start + Math.min(Math.max(16, 10 + 0.45 * miss), 70);
    bends.push([start, x]);
  });
  return { lefts, bends, end: x };
}

function isClean(gap) {
  const ends = gap.map((link) => link[3]);
  return ends.every((targets, n) => {
    if (targets.length !== 1) return false;
    if (!n) return true;
    const [[a, p]] = ends[n - 1].length === 1 ? ends[n - 1] : [[Infinity, 0]], [[b, q]] = targets;
    return a < b || (a === b && p <= q);
  });
}

function cuts(body, line) {
  const length = line.end / Math.max(1, Math.ceil(line.end / K.line - K.spare)), found = [];
  let start = 0, best = -1;
  body.gaps.forEach((gap, k) => {
    if (line.bends[k][0] - start > length * 1.05 && best >= 0) {
      found.push(best);
      start = line.bends[best][1];
      best = -1;
    }
    const [left, right] = line.bends[k], inside = k > 0 && k < body.gaps.length - 1 && isClean(gap);
    const apart = left - start > length / 2 && line.end - right > length / 3;
    if (inside && apart && (best < 0 || gap.length <= body.gaps[best].length)) best = k;
  });
  return found;
}

function rows(body, sizes, tops, labels, line) {
  const places = [], bends = [], turns = new Map(), last = body.gaps.length;
  let down = 0, wide = 0, first = 0;
  for (const cut of [...cuts(body, line), last]) {
    const indent = first ? K.apart * (body.gaps[first - 1].length + 1) : 0;
    const x = indent - (first ? line.bends[first - 1][1] : 0);
    let above = Infinity, below = -Infinity;
    for (let k = first; k <= cut; k++) {
      tops[k].forEach((top, at) => {
        above = Math.min(above, top);
        below = Math.max(below, top + sizes[k][at].height);
      });
      if (k < last)
        body.gaps[k].forEach(([slot, port], n) => {
          if (labels[k][n][0]) above = Math.min(above, tops[k][slot] + sizes[k][slot].outs[port] - K.above);
        });
    }
    if (above > below) above = below = 0;
    if (first) turns.get(first - 1).left = indent - K.apart;
    for (let k = first; k <= cut; k++) {
      places.push(sizes[k].map((size, at) => ({ ...size, x: line.lefts[k][at] + x, y: tops[k][at] - above + down })));
      if (k < last) bends.push([line.bends[k][0] + x, line.bends[k][1] + x]);
    }
    down += below - above;
    if (cut < last) {
      const wires = body.gaps[cut].length;
      turns.set(cut, { right: bends[cut][0] + K.apart, down: down + 2 * K.apart, left: 0 });
      wide = Math.max(wide, bends[cut][0] + K.apart * (wires + 1));
      down += K.apart * (wires + 4);
    } else wide = Math.max(wide, line.end + x);
    first = cut + 1;
  }
  const ys = (column) => column.map((place) => place.y);
  return { places, bends, turns, width: wide, height: down, ins: ys(places[0]), outs: ys(places[places.length - 1]) };
}

// -------------------------------------------------------------------------------------------------------- paint

const NS = "http://www.w3.org/2000/svg";
const layers = {};

function add(layer, name, attributes, about, text) {
  const element = document.createElementNS(NS, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  if (about) element.about = about;
  layers[layer].appendChild(element);
  return element;
}

const num = (value) => String(Math.round(value * 100) / 100);

function text(kind, x, y, words, size, wide, anchor = "start") {
  const at = { x: num(x), y: num(y), "font-size": size, "text-anchor": anchor };
  const fit = { textLength: num(wide), lengthAdjust: "spacingAndGlyphs" };
  add("texts", "text", { class: kind, ...at, ...fit }, null, words);
}

const disc = (kind, x, y, r, about) => add("marks", "circle", { class: kind, cx: num(x), cy: num(y), r: num(r) }, about);

function mark(kind, x, y, size, about) {
  const d = kind === "state" ? `M${num(x)} ${num(y - size / 2)}h${-size}v${size}h${size}z` : `M${num(x)} ${num(y)}l${-size} ${-size / 2}v${size}z`;
  add("marks", "path", { class: kind, d }, about);
}

function wire(points, about) {
  let [[x, y], ...rest] = points, d = `M${num(x)} ${num(y)}`;
  for (const [to, down] of rest) {
    const half = num((x + to) / 2);
    d += Math.abs(down - y) < 0.01 ? `H${num(to)}` : `C${half} ${num(y)} ${half} ${num(down)} ${num(to)} ${num(down)}`;
    [x, y] = [to, down];
  }
  add("wires", "path", { class: "wire", d }, about);
}

function cornered(points, about) {
  const towards = ([x, y], [a, b]) => {
    const length = Math.abs(a - x) + Math.abs(b - y), part = length ? Math.min(K.corner / length, 0.5) : 0;
    return `${num(x + part * (a - x))} ${num(y + part * (b - y))}`;
  };
  let d = `M${points[0].map(num).join(" ")}`;
  for (let n = 1; n + 1 < points.length; n++) {
    const here = points[n].map(num).join(" ");
    d += `L${towards(points[n], points[n - 1])} Q${here} ${towards(points[n], points[n + 1])}`;
  }
  add("wires", "path", { class: "wire", d: `${d}L${points[points.length - 1].map(num).join(" ")}` }, about);
}

function halfChord(place, offset) {
  const radius = place.width / 2, away = offset - place.height / 2;
  return Math.sqrt(Math.max(radius * radius - away * away, 0));
}

const isSign = (body, slot) => slot[0] >= 0 && body.cells[slot[0]].shape === "sign";
const entry = (body, slot, place, port) =>
  isSign(body, slot) ? place.x + place.width / 2 - halfChord(place, place.ins[port]) : place.x;
const exit = (body, slot, place, port) =>
  isSign(body, slot) ? place.x + place.width / 2 + halfChord(place, place.outs[port]) : place.x + place.width;

function paintLinks(laid, x, y) {
  const { body } = laid;
  let arriving = new Map();
  body.gaps.forEach((gap, k) => {
    const passing = new Map();
    gap.forEach(([slot, port, kind, targets], n) => {
      const where = body.columns[k][slot], place = laid.places[k][slot], [label, wide] = laid.labels[k][n];
      const about = [data.types[body.types[kind]]];
      const start = [x + exit(body, where, place, port), y + place.y + place.outs[port]];
      let stroke = (where[0] === PASS && arriving.get(slot)) || [start];
      if (label) text("type", x + place.x + place.width + 4, start[1] - 4, label, K.label, wide);
      if (!targets.length) {
        const stop = x + place.x + place.width + stub([label, wide]);
        wire([start, [stop, start[1]]], about);
        disc("stub", stop, start[1], 2.5);
        return;
      }
      if (targets.length > 1) disc("dot", x + laid.bends[k][0], start[1], 2.8, about);
      for (const [at, into] of targets) {
        const next = body.columns[k + 1][at], there = laid.places[k + 1][at], height = y + there.y + there.ins[into];
        const stop = x + entry(body, next, there, into), turn = laid.turns.get(k);
        if (turn) {
          if (stroke.length > 1) wire(straight(stroke), about);
          const inward = K.apart * (gap.length - 1 - n), right = x + turn.right + inward, low = y + turn.down + inward;
          const left = x + turn.left - K.apart * n;
          cornered([start, [right, start[1]], [right, low], [left, low], [left, height], [stop, height]], about);
          continue;
        }
        stroke = [...stroke, [x + laid.bends[k][0], start[1]], [x + laid.bends[k][1], height], [stop, height]];
        if (next[0] === PASS) passing.set(at, stroke);
        else wire(straight(stroke), about);
        stroke = [[x + laid.bends[k][0], start[1]]];
      }
    });
    arriving = passing;
  });
}

function straight(stroke) {
  const kept = [stroke[0]];
  for (let n = 1; n + 1 < stroke.length; n++)
    if (Math.abs(stroke[n][1] - kept[kept.length - 1][1]) > 0.01 || Math.abs(stroke[n + 1][1] - stroke[n][1]) > 0.01)
      kept.push(stroke[n]);
  return [...kept, stroke[stroke.length - 1]];
}

function opens(element, node, number, cell, isOpen) {
  element.classList.add("opens");
  element.setAttribute("tabindex", "0");
  element.setAttribute("role", "button");
  element.setAttribute("aria-expanded", String(isOpen));
  element.setAttribute("aria-label", cell.title);
  element.toggle = () => {
    if (isOpen) node.inner.delete(number);
    else node.inner.set(number, { body: cell.inside, inner: new Map() });
    draw();
    for (const other of layers.boxes.parentNode.querySelectorAll(".opens"))
      if (other.of === node && other.cell === number) other.focus();
  };
  element.of = node;
  element.cell = number;
}

function paintCell(laid, number, place, x, y) {
  const cell = laid.body.cells[number], middle = x + place.width / 2;
  const hue = cell.hue ? ` h${cell.hue}` : "", dashed = cell.dashed ? " dashed" : "";
  const box = { x: num(x), y: num(y), width: num(place.width), height: num(place.height) };
  if (place.open) {
    const frame = add("frames", "rect", { class: `frame${hue}${dashed}`, ...box, rx: 6 }, cell.about);
    opens(frame, laid.node, number, cell, true);
    text("title", x + 10, y + 15, cell.title, K.title, cell.titleWidth);
    const opened = place.open, left = x + (place.width - opened.width) / 2;
    if (opened.ins.length !== cell.ins) for (const h of opened.ins) disc("port", left, y + K.head + h, 2.5);
    if (opened.outs.length !== cell.outs) for (const h of opened.outs) disc("port", left + opened.width, y + K.head + h, 2.5);
    paint(opened, left, y + K.head, [x, x + place.width]);
  } else if (cell.shape === "sign") {
    disc("sign", middle, y + place.height / 2, place.width / 2, cell.about);
    text("sign", middle, y + place.height / 2 + 4.5, cell.title, 14, cell.titleWidth, "middle");
  } else if (cell.shape === "number") {
    text("number", x + place.width - 3, y + 9, cell.title, K.detail, cell.titleWidth, "end");
  } else if (cell.shape === "weight" || cell.shape === "state") {
    text("detail", x + place.width - 11, y + 9, cell.title, K.label, cell.titleWidth, "end");
    mark(cell.shape, x + place.width, y + 6, 7, cell.about);
  } else if (cell.shape === "next") {
    mark("state", x + 7, y + 6, 7, cell.about);
    text("detail", x + 11, y + 9, cell.title, K.label, cell.titleWidth);
  } else {
    const rect = add("boxes", "rect", { class: `box${hue}${dashed}`, ...box, rx: 4 }, cell.about);
    if (cell.inside >= 0) opens(rect, laid.node, number, cell, false);
    const line = y + place.height / 2 + (cell.detail ? -2 : 4);
    text("name", middle, line, cell.title, K.title, cell.titleWidth, "middle");
    if (cell.detail) text("detail", middle, line + 13, cell.detail, K.detail, cell.detailWidth, "middle");
    if (cell.weighted) mark("weight", x + 8, y + 6.5, 5);
  }
}

function paint(laid, x, y, ends) {
  laid.body.columns.forEach((column, k) =>
    column.forEach((slot, at) => {
      const place = laid.places[k][at];
      if (slot[0] >= 0) paintCell(laid, slot[0], place, x + place.x, y + place.y);
    }),
  );
  paintLinks(laid, x, y);
  for (const height of laid.ins) if (ends[0] < x - 0.01) wire([[ends[0], y + height], [x, y + height]]);
  for (const place of laid.places[laid.places.length - 1])
    if (ends[1] > x + place.x + 0.01) wire([[x + place.x, y + place.y], [ends[1], y + place.y]]);
}

// --------------------------------------------------------------------------------------------------------- page

const picture = document.getElementById("picture");
const tree = ({ body, inner }) => ({ body, inner: new Map(inner.map(([cell, child]) => [cell, tree(child)])) });
const root = tree(data.open);

function draw() {
  picture.replaceChildren();
  for (const name of ["frames", "boxes", "wires", "marks", "texts"])
    picture.appendChild((layers[name] = document.createElementNS(NS, "g")));
  const laid = layout(root), right = K.margin + K.lead, down = K.margin + 10;
  const outs = laid.places[laid.places.length - 1].map((place) => place.x);
  const last = right + (outs.length ? Math.max(...outs) : laid.width);
  paint(laid, right, down, [K.margin, last + K.lead]);
  const [wide, high] = [laid.width + 2 * right, laid.height + 2 * down - 6];
  picture.setAttribute("viewBox", `0 0 ${num(wide)} ${num(high)}`);
  picture.setAttribute("width", num(wide));
  picture.setAttribute("height", num(high));
}

const cards = document.getElementById("card");
function hover(event) {
  const about = event.target.about;
  cards.hidden = !about;
  if (!about) return;
  cards.textContent = about.join("\n");
  const box = cards.getBoundingClientRect();
  cards.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8))}px`;
  cards.style.top = `${event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 10 : event.clientY + 18}px`;
}
picture.addEventListener("mousemove", hover);
picture.addEventListener("mouseleave", () => (cards.hidden = true));
picture.addEventListener("click", (event) => event.target.toggle && event.target.toggle());
picture.addEventListener("keydown", (event) => {
  if (event.target.toggle && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    event.target.toggle();
  }
});

function each(node, visit) {
  const children = [...node.inner.values()];
  visit(node);
  children.forEach((child) => each(child, visit));
}
document.getElementById("more").addEventListener("click", () => {
  let count = 0;
  each(root, (node) => (count += data.bodies[node.body].cells.length));
  each(root, (node) =>
    data.bodies[node.body].cells.forEach((cell, number) => {
      if (cell.inside < 0 || node.inner.has(number) || count > K.most) return;
      count += data.bodies[cell.inside].cells.length;
      node.inner.set(number, { body: cell.inside, inner: new Map() });
    }),
  );
  draw();
});
document.getElementById("less").addEventListener("click", () => {
  root.inner.clear();
  draw();
});
document.getElementById("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
});
draw();
