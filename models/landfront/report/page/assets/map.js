// The map: a picture of parcel numbers, painted through a table of colours for each plan.

let choices = null, painted = {}, light = null;
const AGREED = ["#E69F00", "#9BD0F0", "#0060A0"]; // contested, agreed by the plans found, proven
const SAME = "#EDEDED";

const rgba = (colour) => {
  const value = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
};
function startMap() {
  if (!X.choices) return;
  const { data, shape: [count, parcels] } = X.choices;
  // Rows are differences from plan to plan; typed arrays wrap around as they were written.
  for (let at = parcels; at < data.length; at += 1) data[at] += data[at - parcels];
  choices = (point) => data.subarray(point * parcels, (point + 1) * parcels);
  light = D.kinds.map((kind) => rgba(kind.colour));
  const [rows, columns] = X.picture.shape;
  for (const name of ["map_a", "map_b"]) {
    const source = M[`${name}_picture`], Picture = source.data.image[0].constructor;
    source.data = { image: [new Picture(rows * columns, [rows, columns])] };
    onTap(M[name], (event) => showParcel(event.x, event.y));
  }
  const { data: lines } = X.borders, ends = [...X.border_ends.data], xs = [], ys = [];
  ends.forEach((end, place) => {
    const x = [], y = [];
    for (let at = place ? ends[place - 1] : 0; at < end; at += 1) { x.push(lines[2 * at]); y.push(lines[2 * at + 1]); }
    xs.push(x); ys.push(y);
  });
  M.borders.data = { xs, ys };
  M.region_names.data = { x: D.map.places.map(([x]) => x), y: D.map.places.map(([, y]) => y), text: D.map.names };
  for (const name of ["map_a", "map_b"]) shapeMap(name);
  new ResizeObserver(() => { for (const name of ["map_a", "map_b"]) shapeMap(name); }).observe(get("maps"));
}
// Heights follow widths, so that the map is not stretched; a tall study is drawn narrower instead.
function shapeMap(name) {
  const place = get(`plot-${name}`), ratio = M[name].tags[0], tools = 34;
  const most = Math.min(560, Math.max(240, window.innerHeight * 0.62));
  const width = Math.max(160, Math.min(place.parentElement.clientWidth, (most - tools) / ratio));
  place.style.width = `${width}px`;
  M[name].height = Math.round(width * ratio + tools);
}
// Colour of each parcel, as the picture has them.
function coloursOf(name) {
  const parcels = X.choices.shape[1], found = new Uint32Array(parcels);
  const point = name === "map_b" ? S.b : S.a, own = choices(point);
  if (S.map === "regret" && X.regret) {
    const colours = AGREED.map(rgba), { data } = X.regret;
    for (let p = 0; p < parcels; p += 1) found[p] = colours[data[p]];
  } else if (S.map === "change" && S.b >= 0) {
    const other = choices(name === "map_b" ? S.a : S.b), same = rgba(SAME);
    for (let p = 0; p < parcels; p += 1) found[p] = own[p] === other[p] ? same : light[own[p]];
  } else for (let p = 0; p < parcels; p += 1) found[p] = light[own[p]];
  return found;
}
function paint(name) {
  const key = S.map === "plan" ? `${name === "map_b" ? S.b : S.a}` : `${S.map} ${S.a} ${S.b}`;
  if (painted[name] === key) return;
  painted[name] = key;
  const colours = coloursOf(name), source = M[`${name}_picture`], [picture] = source.data.image, parcel = X.picture.data;
  for (let cell = 0; cell < parcel.length; cell += 1) picture[cell] = parcel[cell] < 0 ? 0 : colours[parcel[cell]];
  source.change.emit();
}
function drawMap() {
  if (!choices) return;
  get("beside-map").hidden = S.b < 0;
  paint("map_a");
  if (S.b >= 0) { paint("map_b"); shapeMap("map_b"); }
  shapeMap("map_a");
  drawLegend();
  drawMapKinds();
  const names = { "map_a": "p_map_a", "map_b": "p_map_b" };
  for (const [name, key] of Object.entries(names)) {
    const caption = get(`plot-${name}`).parentElement.querySelector("figcaption"), point = name === "map_a" ? S.a : S.b;
    if (point >= 0) caption.textContent = S.map === "regret" ? t("map_regret") : `${t(key)} ${planName(point)}`;
  }
  drawParcel();
}
function drawMapKinds() {
  const kinds = [["plan", "map_plan"], ["change", "map_change"], ["regret", "map_agreed"]];
  fill("map-kinds", kinds.filter(([kind]) => kind !== "regret" || X.regret).map(([kind, key]) => {
    const button = make("button", t(key), { type: "button", "aria-pressed": String(S.map === kind), onclick: () => set({ map: kind }) });
    button.disabled = kind === "change" && S.b < 0;
    button.dataset.map = kind;
    return button;
  }));
}
function swatch(colour, text) {
  const entry = make("span");
  const box = make("span", null, { class: "swatch", "aria-hidden": "true" });
  box.style.background = colour;
  entry.append(box, text);
  return entry;
}
function drawLegend() {
  if (S.map === "regret") {
    const keys = D.regret.proven ? ["contested", "found", "proven"] : ["contested", "found"];
    fill("legend", keys.map((key, place) => swatch(AGREED[place], `${t(`r_${key}`)} (${area(D.regret.ha[place])})`)).reverse());
    return;
  }
  const used = new Map();
  for (const point of S.b >= 0 ? [S.a, S.b] : [S.a]) {
    X.areas0.data.subarray(point * D.kinds.length, (point + 1) * D.kinds.length).forEach((size, k) => {
      if (size > 0) used.set(k, Math.max(size, used.get(k) ?? 0));
    });
  }
  const rows = [...used.keys()].sort((one, two) => used.get(two) - used.get(one)).map((k) => swatch(D.kinds[k].colour, label(D.kinds[k])));
  if (S.map === "change" && S.b >= 0) rows.unshift(swatch(SAME, t("same_in_both")));
  fill("legend", rows);
}

// ---- one parcel ----
let parcelShown = -1;
function showParcel(x, y) {
  const [west, east, south, north] = D.map.extent, [rows, columns] = X.picture.shape;
  const column = Math.floor(((x - west) / (east - west)) * columns), row = Math.floor(((y - south) / (north - south)) * rows);
  const inside = column >= 0 && column < columns && row >= 0 && row < rows;
  parcelShown = inside ? X.picture.data[row * columns + column] : -1;
  for (const name of ["map_a", "map_b"]) M[`${name}_spot`].data = parcelShown < 0 ? { x: [], y: [] } : { x: [x], y: [y] };
  drawParcel();
}
function drawParcel() {
  if (parcelShown < 0) { say("parcel", t("parcel_how")); return; }
  const region = D.map.regions[X.parcel_region.data[parcelShown]];
  const parts = [t("parcel", { id: D.map.ids[parcelShown] })];
  if (region !== undefined) parts.push(region);
  parts.push(area(D.map.areas[parcelShown]), `A: ${label(D.kinds[choices(S.a)[parcelShown]])}`);
  if (S.b >= 0) parts.push(`B: ${label(D.kinds[choices(S.b)[parcelShown]])}`);
  if (X.regret) parts.push(t(`r_${["contested", "found", "proven"][X.regret.data[parcelShown]]}`));
  parts.push(t("parcel_why", { id: D.map.ids[parcelShown] }));
  say("parcel", parts.join(t("semicolon")));
}
function drawMapNote() {
  if (!choices) return;
  const parts = [t(D.map.exact ? "map_exact" : "map_coarse", { n: num(D.parcels, 9) })];
  if (D.map.hidden) parts.push(t("map_hidden", { n: num(D.map.hidden, 9) }));
  if (D.shared) parts.push(t("map_shared"));
  say("map-note", parts.join(" "));
}
