// The one state of the page: which plans, which thresholds, which language; its past, and its link.

const past = [];
const V = (point, criterion) => D.front.values[point][criterion];
const points = () => D.front.values.length;
const sign = (criterion) => (D.criteria[criterion].sense === "max" ? 1 : -1);

function passes(point) {
  return D.criteria.every((entry, c) => {
    const slack = 1e-9 * Math.max(Math.abs(V(point, c)), 1e-12);
    return (S.low[c] === null || V(point, c) >= S.low[c] - slack) && (S.high[c] === null || V(point, c) <= S.high[c] + slack);
  });
}
let passing = [];
let spans = [];
function measureSpans() {
  spans = D.criteria.map((entry, c) => {
    const column = D.front.values.map((row) => row[c]);
    const least = column.reduce((one, two) => Math.min(one, two), Infinity);
    const most = column.reduce((one, two) => Math.max(one, two), -Infinity);
    return { least, most, width: most - least };
  });
}
const share = (point, c) => (spans[c].width > 0 ? (V(point, c) - spans[c].least) / spans[c].width : 0.5);

// The plan within the thresholds that is nearest to one that is not.
function nearest(from) {
  let best = -1, least = Infinity;
  for (let point = 0; point < points(); point += 1) {
    if (!passing[point]) continue;
    let far = 0;
    for (const c of D.front.criteria) far += (share(point, c) - share(from, c)) ** 2;
    if (far < least) { least = far; best = point; }
  }
  return best;
}

const KEYS = ["a", "b", "map", "level", "mark", "lang", "units"];
function fragment() {
  const parts = [];
  for (const key of KEYS) if (S[key] !== "" && !(key === "b" && S.b < 0)) parts.push(`${key}=${encodeURIComponent(S[key])}`);
  for (const side of ["low", "high"]) {
    S[side].forEach((bound, c) => {
      if (bound !== null) parts.push(`${side}.${encodeURIComponent(D.criteria[c].name)}=${bound}`);
    });
  }
  return parts.join("&");
}

const MAPS = ["plan", "change", "regret"];
function first() {
  return {
    a: D.front.knee ?? Math.floor(points() / 2), b: -1, map: "plan", level: D.levels.length > 1 ? 1 : 0, mark: "",
    low: D.criteria.map(() => null), high: D.criteria.map(() => null),
  };
}
// What a link says, as far as it makes sense for this run; the rest is as at first.
function fromFragment(text) {
  const found = { ...first(), lang: S.lang, units: S.units };
  const whole = (value, most) => (/^\d+$/.test(value) && Number(value) < most ? Number(value) : null);
  for (const part of text.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at < 0) continue;
    let key, value;
    try { key = decodeURIComponent(part.slice(0, at)); value = decodeURIComponent(part.slice(at + 1)); } catch { continue; }
    if (key === "a") found.a = whole(value, points()) ?? found.a;
    else if (key === "b") found.b = whole(value, points()) ?? -1;
    else if (key === "level") found.level = whole(value, D.levels.length) ?? found.level;
    else if (key === "map" && MAPS.includes(value)) found.map = value;
    else if (key === "mark" && value in D.evidence.marks) found.mark = value;
    else if (key === "lang" && value in D.words) found.lang = value;
    else if (key === "units" && ["si", "cn"].includes(value)) found.units = value;
    else if (key.startsWith("low.") || key.startsWith("high.")) {
      const [side, ...name] = key.split(".");
      const c = D.criteria.findIndex((entry) => entry.name === name.join("."));
      if (c >= 0 && value.trim() !== "" && Number.isFinite(Number(value))) found[side][c] = Number(value);
    }
  }
  return found;
}

let asked = null; // when the reader asked for what is being drawn
function set(change, { remember = true } = {}) {
  asked = performance.now();
  const before = fragment(), words = `${S.lang} ${S.units}`;
  const was = S.a;
  Object.assign(S, change);
  passing = D.front.values.map((row, point) => passes(point));
  const some = passing.some(Boolean);
  if (some && !passing[S.a]) S.a = nearest(S.a);
  const moved = S.a !== was && !("a" in change);
  if (fragment() === before) return;
  if (remember) { past.push(before); if (past.length > 200) past.shift(); }
  const text = fragment();
  try { history.replaceState(null, "", `#${text}`); } catch { /* a page inside another one has no address */ }
  draw({ words: words !== `${S.lang} ${S.units}` });
  say("told", !some ? t("none_pass") : moved ? t("moved", { plan: planName(S.a) }) : "");
  answered();
  if (!some) askSoon();
}
function undo() {
  const before = past.pop();
  if (before !== undefined) set(fromFragment(before), { remember: false });
  get("undo").disabled = past.length === 0;
}
// How long an answer took, from the question to the next picture on the screen.
function answered() {
  const from = asked;
  requestAnimationFrame(() => setTimeout(() => performance.measure("landfront-answer", { start: from, end: performance.now() }), 0));
}

// ---- names of plans ----
function namesOf(point) {
  return D.front.named.filter((entry) => entry.point === point).map((entry) => {
    if (entry.name === "knee") return t("knee");
    const name = entry.name.slice(4), c = D.criteria.findIndex((other) => other.name === name);
    if (c < 0 || D.criteria[c].steady) return "";
    const key = D.criteria[c].sense === "max" ? "most" : "least";
    return t(D.criteria[c].front ? key : `${key}_here`, { name: word(D.criteria[c]) });
  }).filter(Boolean);
}
const namedPoints = () => [...new Set(D.front.named.map((entry) => entry.point))].filter((point) => namesOf(point).length);
function planName(point) {
  const names = namesOf(point), start = t("plan_n", { n: point });
  return names.length ? `${start}: ${names.join(t("semicolon"))}` : start;
}
