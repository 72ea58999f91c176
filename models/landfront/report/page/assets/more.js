// Rules and what they cost, transfers, what the figures rest on, what is proven, what comes next.

const MOST_LIMITS = 300;
function drawLimits() {
  const count = D.limits.length;
  if (!count) { say("limits-text", t("no_limits")); return; }
  const at = (array) => array.data.subarray(S.a * count, (S.a + 1) * count);
  const [values, prices, gains] = ["limit_values", "limit_prices", "limit_gains"].map((name) => at(X[name]));
  const first = D.criteria[D.front.criteria[0]];
  const order = [...D.limits.keys()].sort((one, two) => (Number.isNaN(gains[two]) ? -1 : gains[two]) - (Number.isNaN(gains[one]) ? -1 : gains[one]));
  const binding = order.filter((row) => !Number.isNaN(gains[row])).length;
  say("limits-text", t("limits_how", { plan: planName(S.a), n: binding, all: count, name: word(first) }) + (count > MOST_LIMITS ? ` ${t("limits_more", { n: MOST_LIMITS })}` : ""));
  table("limits-table", [[t("rule")], [t("bound"), 1], [t("now"), 1], [t("binds")], [t("gain_1"), 1], [t("per_unit")], [t("owner")], [t("reason")]],
    order.slice(0, MOST_LIMITS).map((row) => {
      const limit = D.limits[row], binds = !Number.isNaN(gains[row]);
      const entry = D.criteria.find((other) => other.name === limit.criterion);
      const what = limit.of === "change" ? t("change_of", { name: entry ? word(entry) : limit.criterion }) : entry ? label(entry) : limit.criterion;
      const bounds = [limit.lower === null ? "" : `≥ ${qty(limit.lower, limit.unit)}`, limit.upper === null ? "" : `≤ ${qty(limit.upper, limit.unit)}`].filter(Boolean).join(", ");
      const price = Math.abs(prices[row]);
      return { cls: binds ? "here" : "", cells: [`${limit.name}${t("colon")}${what}`, bounds, qty(values[row], limit.unit), t(binds ? "yes" : "no"),
        binds ? qty(gains[row], first.unit, { digits: 3 }) : "", binds && price > 0 ? perUnit(price, first.unit, limit.unit) : "", limit.owner, limit.reason] };
    }));
}
// A shadow price both ways: t CO2e per CNY, and CNY per t CO2e.
function perUnit(price, unit, per) {
  const text = (value, up, down) => `${num(value, 3)} ${unitText(up, "")}/${unitText(down, "")}`;
  return price < 1 && price > 0 ? text(1 / price, per, unit) : text(price, unit, per);
}
function missing(told, command) {
  return told.missing === undefined ? "" : `${t(told.missing === "not asked for" ? "not_asked" : "not_known", { why: told.missing })} ${t("command", { command })}`;
}
function drawSafeguards() {
  const told = D.solved.safeguards;
  if (told.missing !== undefined) { say("safeguards-text", missing(told, "landfront safeguards STUDY")); return; }
  const entry = D.criteria.find((other) => other.name === told.criterion);
  say("safeguards-text", t("safeguards_how", { name: word(entry), value: qty(told.value, told.unit) }) + (told.early ? ` ${t("early")} ${t("command", { command: "landfront safeguards STUDY" })}` : ""));
  table("safeguards-table", [[t("rule")], [t("rows"), 1], [t("costs"), 1], [t("share_best"), 1], [t("owner")], [t("reason")]], told.limits.map((row) => {
    const known = row.price_least !== null, same = known && row.price_most - row.price_least <= 1e-3 * Math.max(row.price_most, 1e-6 * Math.abs(told.value));
    const none = known && row.price_most <= 1e-6 * Math.abs(told.value) * 10;
    const price = !known ? t("unknown") : none ? t("nothing") : same ? qty(row.price_least, row.unit) : t("from_to", { from: qty(row.price_least, row.unit), to: qty(row.price_most, row.unit) });
    return { cells: [row.limit, row.rows, price, known ? (none ? "" : pct(row.price_most / Math.abs(told.value))) : "", row.owner, row.reason] };
  }));
}
function drawMacTable() {
  const told = D.solved.mac;
  if (told.missing !== undefined) { say("mac-text", missing(told, "landfront mac STUDY -o OUT")); return; }
  const tonnes = "t CO2e";
  say("mac-text", t("mac_how", { technical: qty(told.technical.carbon, tonnes), cost: qty(told.technical.cost, D.currency), last: num(told.steps[told.steps.length - 1].price) }) + (told.early ? ` ${t("early")} ${t("command", { command: "landfront mac STUDY -o OUT" })}` : ""));
  table("mac-table", [[t("price", { unit: `${unitText(D.currency, "")}/t CO₂e` }), 1], [t("carbon"), 1], [t("share_technical"), 1], [t("cost"), 1], [t("per_added"), 1], [t("gap"), 1]],
    told.steps.filter((step, place) => place === 0 || step.carbon !== told.steps[place - 1].carbon).map((step) => ({ cells: [num(step.price), qty(step.carbon, tonnes), pct(step.share), qty(step.cost, D.currency), step.step_price === null ? "–" : num(step.step_price), pct(step.gap)] })));
}
function drawTransfers() {
  const told = D.solved.transfers;
  const clear = () => { fill("transfers-matrix", []); fill("transfers-table", []); };
  if (told.missing !== undefined) { say("transfers-text", t(told.missing === "no cost" ? "transfers_no_cost" : "one_region")); return clear(); }
  const found = told.points[S.a], command = t("command", { command: `landfront compensate RUN --point ${S.a} --by ${told.level} -o OUT` });
  if (!found) { say("transfers-text", `${t("transfers_named")} ${command}`); return clear(); }
  if (found.missing !== undefined) { say("transfers-text", `${t("not_known", { why: found.missing })} ${command}`); return clear(); }
  const prices = Object.entries(found.prices).map(([name, price]) => {
    const entry = D.criteria.find((other) => other.name === name);
    return t("price_of", { name: word(entry), price: num(price, 3), unit: `${unitText(D.currency, "")}/${unitText(entry.unit, "")}` });
  });
  say("transfers-text", `${t("transfers_how", { plan: planName(S.a), prices: listed(prices) })} ${found.moved > 0 ? t("transfers_moved", { amount: qty(found.moved, D.currency) }) : t("transfers_none")}${found.fund > 0 ? ` ${t("transfers_fund", { amount: qty(found.fund, D.currency) })}` : ""}`);
  const receivers = [...new Set(found.transfers.map((row) => row.receiver))];
  const payers = [...new Set(found.transfers.map((row) => row.payer))];
  table("transfers-matrix", [[t("pays_to")], ...receivers.map((name) => [name, 1])], payers.map((payer) => ({
    cells: [payer, ...receivers.map((receiver) => {
      const row = found.transfers.find((one) => one.payer === payer && one.receiver === receiver);
      return row ? qty(row.amount, D.currency) : "";
    })],
  })));
  table("transfers-table", [[t("region")], [t("worth"), 1], [t("cost"), 1], [t("balance"), 1], [t("receives"), 1], [t("after"), 1]],
    [...found.regions].sort((one, two) => one.balance - two.balance).map((row) => ({
      cells: [row.region, qty(row.balance + row.cost, D.currency), qty(row.cost, D.currency), { text: qty(row.balance, D.currency, { signed: true }), cls: row.balance < 0 ? "loss" : row.balance > 0 ? "gain" : "" },
        qty(row.transfer + row.fund, D.currency, { signed: true }), qty(row.after, D.currency, { signed: true })],
    })));
}

// ---- what the figures rest on ----
const MARKS = ["verified", "derived", "inferred", "recalled", "assumed", "unverified", "unmarked"];
const markWord = (mark) => (has(`mark_${mark}`) ? t(`mark_${mark}`) : mark);
let shownMark = null;
function drawEvidence() {
  shownMark = S.mark;
  const marks = Object.keys(D.evidence.marks).sort((one, two) => MARKS.indexOf(one) - MARKS.indexOf(two));
  const all = D.evidence.rows.length;
  if (!all) { say("marks-text", t("no_coefficients")); return; }
  const weak = marks.filter((mark) => !["verified", "derived"].includes(mark)).reduce((sum, mark) => sum + D.evidence.marks[mark], 0);
  say("marks-text", t("marks_how", { n: all, share: pct(weak / all) }));
  fill("marks", ["", ...marks].map((mark) => make("button", mark ? `${markWord(mark)} (${D.evidence.marks[mark]})` : t("all_marks"), { type: "button", "aria-pressed": String(S.mark === mark), onclick: () => set({ mark }) })));
  const names = new Map(D.kinds.map((kind) => [kind.name, label(kind)]));
  const markOf = (row) => (String(row.verified ?? "").trim().match(/^\w+/)?.[0] ?? "unmarked").toLowerCase();
  const rows = D.evidence.rows.filter((row) => !S.mark || markOf(row) === S.mark);
  table("evidence-table", [[t("intervention")], [t("number")], [t("value"), 1], [t("low_high"), 1], [t("unit")], [t("mark")], [t("source")], [t("note")]], rows.map((row) => ({
    cells: [names.get(row.intervention) ?? row.intervention, row.parameter, num(row.value), row.low === null || row.high === null ? "" : `${num(row.low)} – ${num(row.high)}`, row.unit ?? "", markWord(markOf(row)), row.source ?? "", row.note ?? ""],
  })));
}
function drawProof() {
  const { front } = D, first = word(D.criteria[front.criteria[0]]), others = listed(front.criteria.slice(1).map((c) => word(D.criteria[c])));
  const own = [t("proof_plan", { plan: planName(S.a), value: qty(V(S.a, front.criteria[0]), D.criteria[front.criteria[0]].unit), first, others,
    bound: front.bounds[S.a] === null ? t("no_bound") : qty(front.bounds[S.a], D.criteria[front.criteria[0]].unit), gap: pct(front.gaps[S.a]), reason: reasonWord(front.terminations[S.a]) })];
  const whole = [front.complete ? t("proof_complete", { gap: pct(front.gap) }) : front.coverage === null ? t("proof_open") : t("proof_coverage", { coverage: pct(front.coverage) })];
  if (!front.complete && front.bulge !== null && front.whole && front.criteria.length > 2) whole.push(t("proof_bulge", { bulge: pct(front.bulge) }));
  const facts = t("proof_facts", { facts: num(front.facts, 9), recomputed: num(front.recomputed, 9), claimed: num(front.facts - front.recomputed, 9) });
  const found = t("proof_method", { method: front.method, solver: front.solver, solves: num(front.solves, 9), seconds: num(front.seconds, 3), reason: front.reason });
  fill("proof-list", [...own, ...whole, facts, found, t("proof_check", { run: D.run })].map((text) => make("li", text)));
  say("statement", front.statement);
}
const reasonWord = (reason) => (has(`end_${reason}`) ? t(`end_${reason}`) : reason);

// ---- the beginning and the end ----
function drawQuestion() {
  const front = listed(D.front.criteria.map((c) => word(D.criteria[c])));
  say("question-text", t("question_text", { parcels: num(D.parcels, 9), area: area(D.area), front, plans: points(), limits: new Set(D.limits.map((row) => row.limit)).size, year: Math.max(...D.milestones), money: `${unitText(D.currency, "")}${D.price_year ? ` (${D.price_year})` : ""}` })
    + (points() === 1 ? ` ${t("one_plan")}` : ""));
  table("today", [[t("criterion")], [t("wanted")], [t("today"), 1], [t("least_found"), 1], [t("most_found"), 1], [t("role")]], D.criteria.map((entry, c) => ({
    cells: [label(entry), t(entry.sense === "max" ? "more" : "less"), qty(entry.baseline, entry.unit), qty(spans[c].least, entry.unit), qty(spans[c].most, entry.unit), t(entry.front ? "role_front" : entry.steady ? "role_same" : "role_told")],
  })));
  fill("notes", D.notes.map((text) => make("li", text, { lang: "en" })));
  const names = new Map(D.kinds.map((kind) => [kind.name, label(kind)]));
  table("excluded", [[t("intervention")], [t("kept_out")], [t("parcels"), 1], [t("land"), 1]], D.excluded.map((row) => ({ cells: [names.get(row.intervention) ?? row.intervention, row.why[S.lang], num(row.parcels, 9), area(row.area_ha)] })));
}
function drawRegret() {
  const told = D.regret;
  if (!told.ha) { say("regret-text", t("regret_one")); return; }
  const [contested, found, proven] = told.ha;
  say("regret-text", t(told.proven ? "regret_text" : "regret_text_found", { proven: pct(proven / D.area), found: pct((found + proven) / D.area), contested: pct(contested / D.area), plans: points() }));
  const heads = [[t("intervention")], ...(told.proven ? [[t("r_proven"), 1]] : []), [t("r_found"), 1]];
  const kinds = [...D.kinds.keys()].filter((k) => told.by_kind[1][k] + told.by_kind[2][k] > 0).sort((one, two) => told.by_kind[2][two] + told.by_kind[1][two] - told.by_kind[2][one] - told.by_kind[1][one]);
  table("regret-table", heads, kinds.map((k) => ({ cells: [{ text: swatch(D.kinds[k].colour, label(D.kinds[k])) }, ...(told.proven ? [area(told.by_kind[2][k])] : []), area(told.by_kind[1][k])] })));
}
function drawNext() {
  fill("next-steps", ["next_check", "next_more", "next_parcel", "next_request", "next_uncertain", "next_time", "next_limits"].map((key) => make("li", t(key, { run: D.run }))));
  say("made", t("made", { run: D.run, created: D.created.slice(0, 10), version: D.version }));
}
