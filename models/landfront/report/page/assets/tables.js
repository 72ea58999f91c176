// What is told in tables and words of the chosen plans: thresholds, totals, land, plans, regions, limits.

// ---- thresholds ----
const STEPS = 1000;
function buildGates() {
  fill("gate-rows", D.criteria.map((entry, c) => {
    const row = make("div", null, { class: "gate" }), side = entry.sense === "max" ? "low" : "high";
    const name = make("label", label(entry), { for: `gate-${c}` });
    const input = make("input", null, { type: "range", id: `gate-${c}`, min: 0, max: STEPS, step: 1 });
    input.disabled = !(spans[c].width > 0);
    input.addEventListener("input", () => {
      const part = Number(input.value) / STEPS, bounds = [...S[side]];
      const open = side === "low" ? part === 0 : part === 1;
      bounds[c] = open ? null : spans[c].least + part * spans[c].width;
      set({ [side]: bounds }, { remember: !dragging });
    });
    let dragging = false, before = "";
    input.addEventListener("pointerdown", () => { dragging = true; before = fragment(); });
    input.addEventListener("pointerup", () => {
      dragging = false;
      if (before !== fragment()) { past.push(before); get("undo").disabled = false; }
    });
    const clear = make("button", "×", { type: "button", "aria-label": t("clear", { name: word(entry) }) });
    clear.addEventListener("click", () => {
      const low = [...S.low], high = [...S.high];
      low[c] = null; high[c] = null;
      set({ low, high });
      input.focus();
    });
    row.append(name, make("span", t(entry.sense === "max" ? "at_least" : "at_most")), input, make("output", "", { id: `bound-${c}`, for: `gate-${c}` }), clear, make("span", "", { class: "also", id: `also-${c}` }));
    return row;
  }));
}
function drawGates() {
  D.criteria.forEach((entry, c) => {
    const side = entry.sense === "max" ? "low" : "high", bound = S[side][c], input = get(`gate-${c}`);
    const part = bound === null || !(spans[c].width > 0) ? (side === "low" ? 0 : 1) : (bound - spans[c].least) / spans[c].width;
    const place = Math.round(Math.min(1, Math.max(0, part)) * STEPS);
    if (Number(input.value) !== place) input.value = place;
    const size = Math.max(Math.abs(spans[c].least), Math.abs(spans[c].most));
    const text = bound === null ? t("any") : qty(bound, entry.unit, { size });
    say(`bound-${c}`, text);
    input.setAttribute("aria-valuetext", text);
    const other = S[side === "low" ? "high" : "low"][c];
    say(`also-${c}`, other === null ? "" : t(side === "low" ? "and_most" : "and_least", { value: qty(other, entry.unit, { size }) }));
  });
  say("passing", t("passing", { n: passing.filter(Boolean).length, all: points() }));
}

// ---- the chosen plans ----
function drawBar() {
  say("name-a", planName(S.a));
  const step = get("step");
  step.max = points() - 1;
  step.value = S.a;
  step.setAttribute("aria-valuetext", planName(S.a));
  get("previous").disabled = another(-1) < 0;
  get("next").disabled = another(1) < 0;
  get("second").value = String(S.b);
  get("undo").disabled = past.length === 0;
  for (const button of get("named").children) button.setAttribute("aria-pressed", String(Number(button.dataset.point) === S.a));
}
// The next plan along the front that is within the thresholds.
function another(way) {
  for (let point = S.a + way; point >= 0 && point < points(); point += way) if (passing[point]) return point;
  return -1;
}
function buildBar() {
  const options = [make("option", t("no_second"), { value: "-1" })];
  for (let point = 0; point < points(); point += 1) options.push(make("option", planName(point), { value: point }));
  fill("second", options);
  fill("named", namedPoints().map((point) => {
    const names = namesOf(point).join(t("semicolon"));
    const button = make("button", `${point}${t("colon")}${names}`, { type: "button", onclick: () => choose(point) });
    button.dataset.point = point;
    return button;
  }));
}
// A change, marked as gain or loss by the criterion's own sense.
function change(value, c, size) {
  const entry = D.criteria[c], width = Math.max(spans[c].width, Math.abs(value)) * 1e-9;
  const cls = Math.abs(value) <= width ? "" : value * sign(c) > 0 ? "gain" : "loss";
  return { text: qty(value, entry.unit, { signed: true, size: size ?? value }), cls };
}
function drawCriteria() {
  const two = S.b >= 0;
  const heads = [[t("criterion")], [t("today"), 1], ["A", 1], [t("against_today", { plan: "A" }), 1]];
  if (two) heads.push(["B", 1], [t("against_today", { plan: "B" }), 1], [t("b_minus_a"), 1]);
  heads.push([t("best_found"), 1]);
  table("criteria", heads, D.criteria.map((entry, c) => {
    const cells = [label(entry), qty(entry.baseline, entry.unit), qty(V(S.a, c), entry.unit), change(V(S.a, c) - entry.baseline, c)];
    if (two) cells.push(qty(V(S.b, c), entry.unit), change(V(S.b, c) - entry.baseline, c), change(V(S.b, c) - V(S.a, c), c));
    cells.push(qty(sign(c) > 0 ? spans[c].most : spans[c].least, entry.unit));
    return { cells };
  }));
}
const areasOf = (level, point) => {
  const { data, shape: [, regions, kinds] } = X[`areas${level}`];
  return data.subarray(point * regions * kinds, (point + 1) * regions * kinds);
};
const PLAIN_AREA = 1e7; // ha, from which on areas need a word for their size
function drawLand() {
  const two = S.b >= 0, one = areasOf(0, S.a), other = two ? areasOf(0, S.b) : null;
  const heads = [[t("intervention")], ["A", 1], [t("share_land"), 1]];
  if (two) heads.push(["B", 1], [t("b_minus_a"), 1]);
  const kinds = [...D.kinds.keys()].filter((k) => one[k] > 0 || (two && other[k] > 0));
  kinds.sort((i, j) => Math.max(one[j], other?.[j] ?? 0) - Math.max(one[i], other?.[i] ?? 0));
  const most = Math.max(...kinds.map((k) => Math.max(one[k], other?.[k] ?? 0)));
  const size = most < PLAIN_AREA ? 1 : most; // all rows in one unit
  table("land", heads, kinds.map((k) => {
    const cells = [{ text: swatch(D.kinds[k].colour, label(D.kinds[k])) }, area(one[k], { size }), pct(one[k] / D.area)];
    if (two) cells.push(area(other[k], { size }), area(other[k] - one[k], { signed: true, size }));
    return { cells };
  }));
}
function drawAll() {
  const front = new Set(D.front.criteria);
  const order = [...front, ...D.criteria.keys()].filter((c, place, all) => all.indexOf(c) === place);
  const heads = [[t("plan")], ...order.map((c) => [`${label(D.criteria[c])} (${scales[c].unit})`, 1]), [t("gap"), 1]];
  const rows = [...Array(points()).keys()].map((point) => {
    const button = make("button", `${point}`, { type: "button", "aria-label": planName(point), onclick: () => choose(point) });
    const cls = [point === S.a ? "here" : point === S.b ? "beside" : "", passing[point] ? "" : "out"].join(" ").trim();
    const cells = [{ text: button }, ...order.map((c) => num(scaled(point, c))), pct(D.front.gaps[point])];
    return { cells, cls };
  });
  table("all-plans", heads, rows);
}
// Only the marks of rows change with a click.
function markAll() {
  const rows = get("all-plans").querySelectorAll("tbody tr");
  rows.forEach((row, point) => {
    row.className = [point === S.a ? "here" : point === S.b ? "beside" : "", passing[point] ? "" : "out"].join(" ").trim();
    row.firstChild.firstChild.setAttribute("aria-current", String(point === S.a));
  });
}

// ---- rates ----
// What a unit given up brings, in a sentence.
function manyOf(rate) { // as many units as make the number readable
  const steps = S.units === "cn" ? [1, 1e4, 1e8] : [1, 1e3, 1e6, 1e9];
  return steps.find((size) => Math.abs(rate) * size >= 1) ?? steps[steps.length - 1];
}
const back = (rate, c) => qty(Math.abs(rate) * manyOf(rate), D.criteria[D.front.criteria[0]].unit, { digits: 3 }) + t("for_each", { many: qty(manyOf(rate), D.criteria[c].unit) });
function rateWords(rate, c) {
  const first = D.criteria[D.front.criteria[0]], other = D.criteria[c], many = manyOf(rate);
  return t(first.sense === "max" ? "rate_brings" : "rate_saves", {
    many: qty(many, other.unit, { size: many }), name: word(other), given: t(other.sense === "max" ? "given_up" : "more_of"),
    amount: qty(Math.abs(rate) * many, first.unit, { digits: 3 }), first: word(first),
  });
}
// Sizes of the rates by the proven planes at plan A, the least first.
const provenRates = (c) => D.rates.points[S.a].map((row) => row[D.criteria[c].name]).filter((rate) => rate !== null && rate !== 0).map(Math.abs).sort((x, y) => x - y);
const edgeMark = (edge) => t(edge.proven ? "edge_proven" : edge.supported ? "edge_supported" : "edge_secant");
// The table of a front of two criteria stays; only its marks change with a click.
function buildRates() {
  if (!D.rates.edges) return;
  const [i, j] = D.front.criteria, range = (from, to, c) => `${num(from / scales[c].factor)} – ${num(to / scales[c].factor)} ${scales[c].unit}`;
  table("rate-table", [[t("between")], [t("rate")], [t("valid", { name: word(D.criteria[i]) })], [t("valid", { name: word(D.criteria[j]) })], [t("how_sure")]], knownEdges().map((edge) => ({
    cells: [`${edge.left < 0 ? "–" : edge.left} → ${edge.right < 0 ? "–" : edge.right}`, rateWords(edge.rate, j), range(edge.from, edge.to, i), range(edge.other_from, edge.other_to, j), edgeMark(edge)],
  })));
}
const knownEdges = () => D.rates.edges.filter((edge) => edge.rate !== null);
const touches = (edge) => edge.left === S.a || edge.right === S.a;
function drawRates() {
  if (!D.rates.points) { say("rate-here", t("rate_one")); return; }
  const first = word(D.criteria[D.front.criteria[0]]);
  if (D.rates.edges) {
    const j = D.front.criteria[1], proven = provenRates(j), edges = knownEdges();
    const parts = edges.filter(touches).map((edge) => `${t(edge.left === S.a ? "toward_more" : "toward_less", { name: first })} ${rateWords(edge.rate, j)} (${edgeMark(edge)})${t("stop")}`);
    if (proven.length) parts.push(t("rate_proven", { rate: rateWords(proven[0], j), back: back(proven[proven.length - 1], j) }));
    say("rate-here", parts.join(" ") || t("rate_none"));
    get("rate-table").querySelectorAll("tbody tr").forEach((row, place) => { row.className = touches(edges[place]) ? "here" : ""; });
    return;
  }
  const rows = D.rates.points[S.a];
  say("rate-here", rows.length ? t("rate_facets", { n: rows.length }) : t("rate_none"));
  table("rate-table", [[t("criterion")], [t("rate_least")], [t("rate_most")]], D.front.criteria.slice(1).map((c) => {
    const known = provenRates(c);
    return { cells: [label(D.criteria[c]), known.length ? rateWords(known[0], c) : t("unknown"), known.length ? back(known[known.length - 1], c) : t("unknown")] };
  }));
}

// ---- regions ----
const BAR = 24, MOST_BARS = 60; // pixels for a region; regions that are drawn, those with most land treated first
function drawBars(told) {
  const kinds = D.kinds.length, shown = S.b >= 0 ? [S.a, S.b] : [S.a];
  const sums = told.regions.map((name, region) => shown.map((point) => areasOf(S.level, point).subarray(region * kinds + 1, (region + 1) * kinds).reduce((one, two) => one + two, 0)));
  const order = [...sums.keys()].sort((one, two) => Math.max(...sums[two]) - Math.max(...sums[one])).slice(0, MOST_BARS);
  const scale = scaleOf(Math.max(...sums.flat(), 1), "ha");
  const parts = { y: [], high: [], left: [], right: [], fill: [] }, names = { x: [], y: [], text: [] };
  order.forEach((region, place) => shown.forEach((point, turn) => {
    const areas = areasOf(S.level, point), y = shown.length > 1 ? place - 0.2 + 0.4 * turn : place;
    let left = 0;
    for (let k = 1; k < kinds; k += 1) {
      const size = areas[region * kinds + k] / scale.factor;
      if (!(size > 0)) continue;
      parts.y.push(y); parts.high.push(shown.length > 1 ? 0.36 : 0.7); parts.left.push(left); parts.right.push(left + size); parts.fill.push(D.kinds[k].colour);
      left += size;
    }
    if (shown.length > 1) { names.x.push(left); names.y.push(y); names.text.push("AB"[turn]); }
  }));
  M.bars.height = 60 + BAR * order.length;
  M.bars.y_range.start = order.length - 0.4;
  M.bars_ticks.ticks = order.map((region, place) => place);
  M.bars_y.major_label_overrides = new Map(order.map((region, place) => [place, told.regions[region] || t("no_region")]));
  M.bars_x.axis_label = `${t("treated")} (${scale.unit})`;
  M.bar_parts.data = parts;
  M.bar_names.data = names;
  if (!choices) drawLegend();
}
function buildLevels() {
  const shown = D.levels.map((entry, place) => [entry, place]).filter(([entry]) => entry.level);
  fill("level", shown.map(([entry, place]) => make("option", t("level_n", { name: entry.level, n: entry.regions.length }), { value: place })));
  get("level").parentElement.parentElement.hidden = shown.length < 2;
}
function drawRegions() {
  const told = D.levels[S.level];
  get("level").value = String(S.level);
  if (!told || !told.level) { say("regions-text", t("one_region")); return; }
  const { data, shape: [, regions, columns] } = X[`changes${S.level}`];
  const at = (point, region, column) => data[(point * regions + region) * columns + column];
  const sums = D.criteria.map((entry, c) => [entry, c]).filter(([entry]) => D.sums.includes(entry.name));
  const two = S.b >= 0, shown = sums.filter(([entry]) => entry.front).concat(sums.filter(([entry]) => !entry.front && !entry.steady)).slice(0, 6);
  const heads = [[t("region")], [t("treated"), 1], ...(two ? [[t("treated_b"), 1]] : []), ...shown.flatMap(([entry]) => (two ? [[`${label(entry)}${t("colon")}A`, 1], [t("b_minus_a"), 1]] : [[label(entry), 1], [t("share_today"), 1]]))];
  const order = [...told.regions.keys()].sort((one, other) => at(S.a, other, 0) - at(S.a, one, 0));
  table("regions-table", heads, order.map((region) => {
    const cells = [told.regions[region] || t("no_region"), area(at(S.a, region, 0))];
    if (two) cells.push(area(at(S.b, region, 0)));
    for (const [, c] of shown) {
      const place = D.sums.indexOf(D.criteria[c].name), value = at(S.a, region, 1 + place);
      cells.push(change(value, c));
      if (two) cells.push(change(at(S.b, region, 1 + place) - value, c));
      else cells.push(pct(at(S.a, region, 1 + D.sums.length + place), true));
    }
    return { cells };
  }));
  const words = shown.map(([entry, c]) => {
    const place = D.sums.indexOf(entry.name), values = told.regions.map((name, region) => at(S.a, region, 1 + place) * sign(c));
    const size = Math.max(...values.map(Math.abs), 1e-12) * 1e-6;
    return t("gain_lose", { name: label(entry), gain: values.filter((value) => value > size).length, lose: values.filter((value) => value < -size).length });
  });
  drawBars(told);
  say("regions-text", `${t("regions_how", { plan: planName(S.a) })} ${words.join(t("semicolon"))}${t("stop")}`);
}
