// A page that a server sends may ask it for plans that the run does not have yet.

const LIVE = document.body.dataset.live === "yes";
const TOLD = "landfront-told";
const ASK_AFTER = 600; // ms of rest after which a threshold that no plan meets becomes a question
let waiting = null, asking = false;

function thresholds() {
  const found = {};
  for (const c of D.front.criteria) {
    const bound = D.criteria[c].sense === "max" ? S.low[c] : S.high[c];
    if (bound !== null) found[D.criteria[c].name] = bound;
  }
  return found;
}
async function question(path, options = {}) {
  const answer = await fetch(path, { credentials: "omit", cache: "no-store", ...options });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error ?? answer.status);
  return told;
}
function told(found) {
  if (found.reason === "infeasible") return t("ask_infeasible");
  if (found.point === null) return t("ask_early", { reason: found.reason });
  const values = listed(D.front.criteria.map((c) => `${word(D.criteria[c])} ${qty(found.values[D.criteria[c].name], D.criteria[c].unit)}`));
  if (found.reason !== "optimal") return t("ask_weak", { reason: found.reason, values });
  const asked = D.criteria.find((entry) => entry.name === found.criterion);
  return t("ask_found", { gap: pct(found.gap), values, criterion: word(asked) });
}
async function ask() {
  clearTimeout(waiting);
  if (!LIVE || asking) return;
  const asked = thresholds();
  if (!Object.keys(asked).length) { say("asked", t("ask_none")); return; }
  asking = true;
  get("ask").disabled = true;
  const from = performance.now();
  try {
    const { id } = await question("ask", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ thresholds: asked }) });
    let found = null;
    do {
      await new Promise((done) => setTimeout(done, 150));
      found = await question(`answer/${id}`);
      if (found.state === "busy") say("asked", t("ask_busy", { seconds: Math.round((performance.now() - from) / 1000) }));
    } while (found.state === "busy");
    const words = told(found);
    say("asked", words);
    performance.measure("landfront-solved", { start: from, end: performance.now() });
    if (found.point !== null) {
      // The new plan has its place among the others: the page is read again with it.
      S.a = found.point;
      history.replaceState(null, "", `#${fragment()}`);
      sessionStorage.setItem(TOLD, words);
      location.reload();
    }
  } catch (error) {
    say("asked", t("ask_failed", { reason: error.message }));
  } finally {
    asking = false;
    get("ask").disabled = false;
  }
}
function askSoon() {
  if (!LIVE) return;
  clearTimeout(waiting);
  if (Object.keys(thresholds()).length) waiting = setTimeout(ask, ASK_AFTER);
}
function startLive() {
  get("live").hidden = !LIVE;
  if (!LIVE) return;
  get("ask").addEventListener("click", ask);
  say("asked", sessionStorage.getItem(TOLD) ?? "");
  sessionStorage.removeItem(TOLD);
}
