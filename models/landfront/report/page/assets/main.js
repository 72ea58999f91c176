// Brings the page up, and draws what a change asks for.

function drawWords() {
  document.documentElement.lang = S.lang === "zh" ? "zh-CN" : "en";
  for (const place of document.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
  for (const place of document.querySelectorAll("[data-label]")) place.setAttribute("aria-label", t(place.dataset.label));
  document.title = label({ label: D.title });
  for (const id of ["title", "brand"]) say(id, D.title[S.lang]);
  get("language").textContent = S.lang === "zh" ? "English" : "中文";
  get("language").lang = S.lang === "zh" ? "en" : "zh-CN";
  get("units").value = S.units;
  fill("contents", [...document.querySelectorAll("h2[id]")].map((heading) => {
    const entry = make("li");
    entry.append(make("a", heading.textContent, { href: `#${heading.id}`, onclick: (event) => { event.preventDefault(); heading.scrollIntoView(); heading.tabIndex = -1; heading.focus(); } }));
    return entry;
  }));
  measureScales();
  buildBar(); buildGates(); buildLevels();
  drawPlotWords(); drawMapNote(); drawQuestion(); drawRegret(); drawSafeguards(); drawMacTable(); drawAll(); buildRates(); drawNext();
}
function draw({ words }) {
  if (words) drawWords();
  drawBar(); drawGates(); drawPlots(); drawMap(); drawCriteria(); drawLand(); markAll();
  drawRates(); drawLimits(); drawRegions(); drawTransfers(); drawProof();
  if (words || shownMark !== S.mark) drawEvidence();
}
function listenPage() {
  get("undo").addEventListener("click", undo);
  get("reset").addEventListener("click", () => set(first()));
  get("link").addEventListener("click", async () => {
    const address = location.href.split("#")[0] + `#${fragment()}`;
    try { await navigator.clipboard.writeText(address); say("told", t("copied")); } catch { say("told", t("not_copied", { address })); }
  });
  get("language").addEventListener("click", () => {
    const lang = S.lang === "zh" ? "en" : "zh";
    set({ lang });
  });
  get("units").addEventListener("change", (event) => set({ units: event.target.value }));
  get("step").addEventListener("input", (event) => {
    const asked = Number(event.target.value);
    if (passing[asked]) set({ a: asked }); else choose(another(asked > S.a ? 1 : -1));
    drawBar();
  });
  get("previous").addEventListener("click", () => choose(another(-1)));
  get("next").addEventListener("click", () => choose(another(1)));
  get("second").addEventListener("change", (event) => set({ b: Number(event.target.value) }));
  get("level").addEventListener("change", (event) => set({ level: Number(event.target.value) }));
  // A jump inside the page is no state.
  addEventListener("hashchange", () => { if (location.hash.includes("=")) set(fromFragment(location.hash)); });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey) { event.preventDefault(); undo(); }
  });
}
async function start() {
  const told = await unpack();
  D = told.content; X = told.arrays;
  S.lang = (navigator.language || "en").startsWith("zh") ? "zh" : "en";
  S.units = S.lang === "zh" ? "cn" : "si";
  get("how").open = innerWidth > 640;
  measureSpans();
  passing = D.front.values.map(() => true);
  await startPlots();
  startMap();
  Object.assign(S, fromFragment(location.hash));
  passing = D.front.values.map((row, point) => passes(point));
  if (passing.some(Boolean) && !passing[S.a]) S.a = nearest(S.a);
  draw({ words: true });
  listen();
  listenPage();
  startLive();
  if (M.parallel) new ResizeObserver(drawParallelWords).observe(get("plot-parallel").parentElement);
  // What is measured ends with the first picture of the plan on the screen.
  requestAnimationFrame(() => setTimeout(() => { performance.mark("landfront-ready"); document.body.dataset.ready = "yes"; }, 0));
}
start().catch((error) => {
  const place = get("broken");
  place.hidden = false;
  place.textContent = `This page could not be shown (${error.message}). It needs a browser of 2023 or later, and the whole file. 本页面无法显示，请使用 2023 年以后的浏览器打开完整文件。`;
  throw error;
});
