// The front, parallel axes, rates and abatement costs: bokeh's plots, filled, coloured and listened to.

const BLUE = "#0072B2", GREY = "#999999", ORANGE = "#D55E00", GREEN = "#009E73";
let M = {}; // bokeh's models by name

async function startPlots() {
  await Bokeh.embed.embed_items(D.bokeh.documents, D.bokeh.items);
  const found = Bokeh.documents[Bokeh.documents.length - 1];
  M = new Proxy({}, { get: (known, name) => (known[name] ??= found.get_model_by_name(name)) });
}
const pairs = () => {
  const c = D.front.criteria, found = [];
  for (let i = 0; i < c.length; i += 1) for (let j = i + 1; j < c.length; j += 1) found.push([c[i], c[j]]);
  return found.filter(([i, j]) => get(`plot-front_${i}_${j}`));
};
let scales = [];
function measureScales() {
  scales = D.criteria.map((entry, c) => scaleOf(Math.max(Math.abs(spans[c].least), Math.abs(spans[c].most)), entry.unit));
}
function axisText(c, short = false) {
  const entry = D.criteria[c], unit = scales[c].unit ? ` (${scales[c].unit})` : "";
  return short ? `${label(entry)}\n${unit.trim()}` : `${label(entry)}${unit}${t("comma")}${t(entry.sense === "max" ? "more_better" : "less_better")}`;
}
const scaled = (point, c) => V(point, c) / scales[c].factor;

// What changes with language and units only.
function drawPlotWords() {
  measureScales();
  for (const [i, j] of pairs()) {
    M[`front_${i}_${j}_x`].axis_label = axisText(i);
    M[`front_${i}_${j}_y`].axis_label = axisText(j);
  }
  const all = [...Array(points()).keys()], columns = {};
  D.criteria.forEach((entry, c) => { columns[`c${c}`] = all.map((point) => scaled(point, c)); });
  columns.tip = all.map((point) => [planName(point), ...D.front.criteria.map((c) => qty(V(point, c), D.criteria[c].unit))].join(" · "));
  Object.assign(columns, dots());
  M.points.data = columns;
  const known = namedPoints(), names = { text: known.map(String) };
  D.criteria.forEach((entry, c) => { names[`c${c}`] = known.map((point) => scaled(point, c)); });
  M.named.data = names;
  if (M.parallel) drawParallelWords();
  if (M.rates) drawRateWords();
  if (M.mac) drawMac();
}
function dots() {
  return {
    fill: passing.map((ok) => (ok ? BLUE : "#BBBBBB")),
    alpha: passing.map((ok) => (ok ? 1 : 0.55)),
    size: passing.map((ok) => (ok ? 10 : 7)),
  };
}
// What changes with each click.
function drawPlots() {
  M.points.data = { ...M.points.data, ...dots() };
  const shown = S.b >= 0 ? [S.b, S.a] : [S.a];
  const rings = { line: shown.map((point) => (point === S.a ? ORANGE : GREEN)) };
  D.criteria.forEach((entry, c) => { rings[`c${c}`] = shown.map((point) => scaled(point, c)); });
  M.chosen.data = rings;
  if (M.parallel) drawParallel(shown);
  if (M.rates) drawRateHere();
}

// ---- parallel axes: up is better on each ----
const NARROW = 72, LETTER = 6.5; // pixels for a name below which it is written at an angle; of a letter
const height = (point, c) => (sign(c) > 0 ? share(point, c) : 1 - share(point, c));
const line = (point) => D.criteria.map((entry, c) => height(point, c));
function drawParallelWords() {
  const axis = M.parallel_x, names = new Map(), room = get("plot-parallel").clientWidth / D.criteria.length;
  const narrow = room < NARROW;
  D.criteria.forEach((entry, c) => names.set(c, narrow ? label(entry) : wrap(label(entry), Math.floor(room / LETTER))));
  axis.major_label_overrides = names;
  axis.major_label_orientation = narrow ? 0.9 : "horizontal";
  M.parallel.height = narrow ? 420 : 340;
  const x = [], y = [], text = [], base = [];
  D.criteria.forEach((entry, c) => {
    const { least, most } = spans[c], best = sign(c) > 0 ? most : least, worst = sign(c) > 0 ? least : most;
    for (const [value, place] of [[best, 1.1], [worst, -0.17]]) {
      x.push(c); y.push(place); base.push("middle");
      text.push(num(value / scales[c].factor) + (place > 0 && !narrow ? `\n${scales[c].unit}` : ""));
    }
  });
  M.ends.data = { x, y, text, base };
}
function wrap(text, width) {
  if (/[\u4e00-\u9fff]/.test(text)) return text.length > width / 2 ? `${text.slice(0, width / 2)}\n${text.slice(width / 2)}` : text;
  const rows = [""];
  for (const part of text.split(" ")) {
    const row = rows[rows.length - 1];
    if (row && row.length + part.length + 1 > width) rows.push(part); else rows[rows.length - 1] = row ? `${row} ${part}` : part;
  }
  return rows.join("\n");
}
function drawParallel(shown) {
  const all = [...Array(points()).keys()].sort((one, two) => passing[one] - passing[two]);
  const xs = D.criteria.map((entry, c) => c);
  M.lines.data = {
    xs: all.map(() => xs), ys: all.map(line),
    line: all.map((point) => (passing[point] ? BLUE : "#BBBBBB")), alpha: all.map((point) => (passing[point] ? 0.7 : 0.35)),
  };
  M.bold.data = { xs: shown.map(() => xs), ys: shown.map(line), line: shown.map((point) => (point === S.a ? ORANGE : GREEN)) };
  const x = [], y0 = [], y1 = [];
  D.criteria.forEach((entry, c) => {
    if (S.low[c] === null && S.high[c] === null) return;
    const ends = [S.low[c] ?? spans[c].least, S.high[c] ?? spans[c].most].map((value) => {
      const part = spans[c].width > 0 ? (value - spans[c].least) / spans[c].width : 0.5;
      return Math.min(1, Math.max(0, sign(c) > 0 ? part : 1 - part));
    });
    x.push(c); y0.push(Math.min(...ends)); y1.push(Math.max(...ends));
  });
  M.gates.data = { x, y0, y1 };
}

// ---- rates along a front of two criteria ----
function drawRateWords() {
  const [i, j] = D.front.criteria, { edges } = D.rates;
  M.rates_x.axis_label = axisText(i);
  M.rates_y.axis_label = t("rate_axis", { per: `${typeset(D.criteria[i].unit)} / ${typeset(D.criteria[j].unit)}`, name: word(D.criteria[j]) });
  const known = edges.filter((edge) => edge.rate !== null);
  M.rate_steps.data = {
    x0: known.map((edge) => edge.from / scales[i].factor), x1: known.map((edge) => edge.to / scales[i].factor),
    y: known.map((edge) => Math.abs(edge.rate)), line: known.map((edge) => (edge.proven ? BLUE : edge.supported ? "#56B4E9" : GREY)),
  };
}
function drawRateHere() { M.rate_here.data = { x: [scaled(S.a, D.front.criteria[0])] }; }

function drawMac() {
  const told = D.solved.mac, scale = scaleOf(told.technical.carbon, "t CO2e");
  M.mac_x.axis_label = `${t("mac_carbon")} (${scale.unit})`;
  M.mac_y.axis_label = t("mac_price", { unit: typeset(`${D.currency}/t CO2e`) });
  M.mac_steps.data = { x: told.steps.map((step) => step.carbon / scale.factor), y: told.steps.map((step) => step.price) };
}

// ---- what the reader does on them ----
const NEAR = 40; // pixels within which a click means a plan
function nearPoint(plot, event, [i, j]) {
  const { x_range, y_range } = plot;
  const wide = plot.inner_width || 300, high = plot.inner_height || 300;
  let best = -1, least = NEAR ** 2;
  for (let point = 0; point < points(); point += 1) {
    const dx = ((scaled(point, i) - event.x) / (x_range.end - x_range.start)) * wide;
    const dy = ((scaled(point, j) - event.y) / (y_range.end - y_range.start)) * high;
    // Of two at the same distance the one within the thresholds.
    const far = dx * dx + dy * dy + (passing[point] ? 0 : 1);
    if (far < least) { least = far; best = point; }
  }
  return best;
}
function choose(point) {
  if (point < 0) return;
  if (!passing[point]) say("told", t("not_within", { plan: planName(point) }));
  else set({ a: point });
}
// A brushed range becomes thresholds, so that it stands in the link and can be undone.
function brushed(ranges) {
  const low = [...S.low], high = [...S.high];
  for (const [c, one, two] of ranges) {
    const [from, to] = [Math.min(one, two), Math.max(one, two)];
    low[c] = from > spans[c].least ? from : null;
    high[c] = to < spans[c].most ? to : null;
  }
  set({ low, high });
}
// Two quick clicks are two clicks.
function onTap(plot, act) { for (const kind of ["tap", "doubletap"]) plot.on_event(kind, act); }
function listen() {
  for (const [i, j] of pairs()) {
    const plot = M[`front_${i}_${j}`];
    onTap(plot, (event) => choose(nearPoint(plot, event, [i, j])));
    plot.on_event("selectiongeometry", ({ final, geometry }) => {
      if (!final || geometry.type !== "rect") return;
      forget();
      brushed([[i, geometry.x0 * scales[i].factor, geometry.x1 * scales[i].factor], [j, geometry.y0 * scales[j].factor, geometry.y1 * scales[j].factor]]);
    });
  }
  if (!M.parallel) return;
  onTap(M.parallel, (event) => {
    let best = -1, least = 0.08;
    const left = Math.min(D.criteria.length - 2, Math.max(0, Math.floor(event.x))), part = event.x - left;
    for (let point = 0; point < points(); point += 1) {
      const at = height(point, left) * (1 - part) + height(point, left + 1) * part;
      if (passing[point] && Math.abs(at - event.y) < least) { least = Math.abs(at - event.y); best = point; }
    }
    choose(best);
  });
  M.parallel.on_event("selectiongeometry", ({ final, geometry }) => {
    if (!final || geometry.type !== "rect") return;
    forget();
    const ranges = [];
    D.criteria.forEach((entry, c) => {
      if (geometry.x0 > c || geometry.x1 < c) return;
      const ends = [geometry.y0, geometry.y1].map((place) => spans[c].least + (sign(c) > 0 ? place : 1 - place) * spans[c].width);
      ranges.push([c, ...ends]);
    });
    if (ranges.length) brushed(ranges);
  });
}
// bokeh's own selection is not used: thresholds are.
function forget() { for (const name of ["points", "lines"]) if (M[name]) M[name].selected.indices = []; }
