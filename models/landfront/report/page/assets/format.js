// Unpacks what the page holds, and writes numbers and words in the reader's language and units.

async function unpack() {
  const text = document.getElementById("data").textContent.trim();
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const whole = await new Response(stream).arrayBuffer();
  const length = Number(new DataView(whole).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 8, length)));
  const kinds = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array };
  const arrays = {};
  for (const [name, place] of Object.entries(head.arrays)) {
    const size = place.shape.reduce((one, two) => one * two, 1);
    arrays[name] = { data: new kinds[place.dtype](whole, 8 + length + place.at, size), shape: place.shape };
  }
  return { content: head.content, arrays };
}

let D, X; // what the page tells, and its arrays
const S = { a: 0, b: -1, low: [], high: [], map: "plan", level: 1, mark: "", lang: "en", units: "si" };

// ---- words ----
function t(key, values = {}) {
  const text = D.words[S.lang][key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
const has = (key) => D.words[S.lang][key] !== undefined;
const label = (entry) => entry.label[S.lang];
const listed = (words) => (words.length < 2 ? words.join("") : words.slice(0, -1).join(t("comma")) + t("and") + words[words.length - 1]);
function word(entry) { // a criterion in the middle of a sentence
  const text = label(entry);
  return S.lang === "en" && /^.[a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text;
}

// ---- numbers ----
const WORLD = [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"], [1e3, "thousand"]];
const TONNES = [[1e9, "Gt"], [1e6, "Mt"], [1e3, "kt"]];
const MYRIADS = [[1e12, "e12"], [1e8, "e8"], [1e4, "e4"]];
const UNIT_WORDS = { t: "吨", kg: "千克", ha: "公顷", mu: "亩", yr: "年", m3: "立方米", m: "米", CNY: "元", USD: "美元", EUR: "欧元", kcal: "千卡", people: "人", jobs: "个岗位" };
const isTonnes = (unit) => /^t(?:$|[ /])/.test(unit);
const isArea = (unit) => /^ha(?:$|[ /*])/.test(unit);
const typeset = (text) => text.replace(/\bCO2/g, "CO₂").replace(/\bm3\b/g, "m³");

function unitText(unit, scale) { // a unit behind a scale word
  let shown = unit;
  if (S.lang === "zh") {
    shown = unit.replace(/[A-Za-z0-9]+/g, (part) => UNIT_WORDS[part] ?? part);
    const words = { trillion: "万亿", billion: "十亿", million: "百万", thousand: "千", e12: "万亿", e8: "亿", e4: "万", Gt: "G", Mt: "M", kt: "k", "": "" };
    if (scale.endsWith("t") && scale.length === 2) return typeset(scale + shown.slice(1));
    return typeset(words[scale] + shown);
  }
  const powers = { e12: "10¹² ", e8: "10⁸ ", e4: "10⁴ " };
  if (scale in powers) return typeset(powers[scale] + shown);
  if (scale.length === 2) return typeset(scale + shown.slice(1));
  return typeset(`${scale} ${shown}`.trim());
}
function scaleOf(size, unit) { // factor to divide by, and the unit behind the number
  let factor = 1, name = unit;
  if (S.units === "cn" && isArea(unit)) { factor = 1 / 15; name = "mu" + unit.slice(2); }
  const big = Math.abs(size) / factor;
  const steps = S.units === "cn" ? MYRIADS : isTonnes(unit) ? TONNES : WORLD;
  const step = big >= 1e4 ? steps.find(([least]) => big >= least) : undefined;
  return step ? { factor: factor * step[0], unit: unitText(name, step[1]) } : { factor, unit: unitText(name, "") };
}
const writers = []; // made once: to make one takes far longer than to use it
function num(value, digits = 4, signed = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return t("unknown");
  if (!Number.isFinite(value)) return t("no_bound");
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text;
  if (size < 1e-4) text = size.toExponential(digits - 2);
  else {
    const places = Math.min(12, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
    writers[places] ??= new Intl.NumberFormat("en-US", { maximumFractionDigits: places });
    text = writers[places].format(size);
  }
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}
function qty(value, unit, { signed = false, digits = 4, size = value } = {}) {
  if (value === null || value === undefined || !Number.isFinite(value)) return num(value);
  const scale = scaleOf(size, unit);
  const gap = S.lang === "zh" && /^[\u4e00-\u9fff]/.test(scale.unit) ? "" : " ";
  return `${num(value / scale.factor, digits, signed)}${scale.unit ? gap + scale.unit : ""}`;
}
function pct(share, signed = false) {
  if (share === null || !Number.isFinite(share)) return t("unknown");
  const size = Math.abs(share), sign = share < 0 ? "−" : signed && share > 0 ? "+" : "";
  if (size > 0 && size < 1e-4) return t("tiny");
  if (share > 0.9995 && share < 1) return t("nearly");
  return `${sign}${num(100 * size, size < 0.995 ? 2 : 3)} %`;
}
const area = (hectares, more) => qty(hectares, "ha", { digits: 4, ...more });

// ---- elements: text is only ever set as text ----
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  return element;
}
const get = (id) => document.getElementById(id);
function say(id, text) { const place = get(id); if (place) place.textContent = text; }
function fill(id, elements) { const place = get(id); if (place) place.replaceChildren(...elements); }

// A table: heads are [text, numeric], cells are texts or elements, a row may have a class.
function table(id, heads, rows) {
  const place = get(id);
  if (!place) return;
  if (!rows.length) { place.replaceChildren(); return; }
  const head = make("thead"), line = make("tr");
  for (const [text, numeric] of heads) line.append(make("th", text, { scope: "col", class: numeric ? "n" : "" }));
  head.append(line);
  const body = make("tbody");
  for (const { cells, cls = "", click } of rows) {
    const row = make("tr", null, { class: cls });
    cells.forEach((cell, column) => {
      const numeric = heads[column][1];
      const own = typeof cell === "object" && cell !== null && !(cell instanceof Node) ? cell : { text: cell };
      const box = column === 0 ? make("th", null, { scope: "row" }) : make("td", null, { class: [numeric ? "n" : "", own.cls ?? ""].join(" ").trim() });
      if (own.text instanceof Node) box.append(own.text); else box.textContent = own.text ?? "";
      row.append(box);
    });
    if (click) row.addEventListener("click", click);
    body.append(row);
  }
  place.replaceChildren(head, body);
}
