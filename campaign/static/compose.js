// While a letter is written: counts the writer's own words as the server does (campaign/letters/own_words.py), and
// shows the letter as it will be. Nothing typed leaves the page; without this script nothing is missing.
//
// Browsers lose what was typed on a reload. Unless people are at risk it is kept in this entry of the tab's history,
// which ends with the tab; on sensitive appeals nothing is kept at all, since machines are shared and taken away.
(function () {
  "use strict";
  const form = document.getElementById("letter"), sofar = document.querySelector(".sofar");
  if (!form || !sofar) return;
  const live = JSON.parse(sofar.dataset.live), meter = live.meter, page = document.documentElement.lang;
  const field = name => form.elements[name], counted = document.getElementById("counted");
  const plural = new Intl.PluralRules(page), number = new Intl.NumberFormat(live.numbers);
  const PAUSE = 1500; // ms without a key before the count is read out

  const UNSPACED = "\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff", letter = `(?![${UNSPACED}])[\\p{L}\\p{N}_]`;
  const mark = "(?![\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff])\\p{M}", run = `${letter}(?:${letter}|${mark})*`;
  const WORD = new RegExp(`[${UNSPACED}]|${run}(?:[\\u200c\\u200d'’‑-]${run})*`, "gu");
  const folded = word => word.toLowerCase().replace(/ß/g, "ss").replace(/ς/g, "σ");
  const words = text => (text.normalize("NFC").match(WORD) || []).map(folded);

  function own() {
    const drafted = new Map();
    for (const word of words(live.drafted)) drafted.set(word, (drafted.get(word) || 0) + 1);
    return words(["opening", "message", "closing"].map(name => field(name).value).join(" ")).filter(word => {
      const left = drafted.get(word) || 0;
      drafted.set(word, left - 1);
      return left <= 0;
    }).length;
  }

  function label(n) {
    if (!n) return meter.none;
    const said = meter.counted[plural.select(n)].replace("{n}", number.format(n));
    return n < meter.most ? said : meter.yours.replace("{said}", said);
  }

  let shown = live.own, waiting;
  function count() {
    const n = own(), said = label(n);
    if (n === shown) return; // what the server said of it stands
    shown = n;
    for (const place of document.querySelectorAll(".words")) {
      const gauge = place.querySelector("meter");
      gauge.value = Math.min(n, meter.most);
      gauge.setAttribute("aria-label", said);
      gauge.nextElementSibling.textContent = said;
      place.lastElementChild.textContent = n ? meter.fates[n < meter.most ? 0 : 1] : "";
    }
    clearTimeout(waiting);
    waiting = setTimeout(() => { counted.textContent = said; keep(); }, PAUSE);
  }

  const KEPT = ["name", "email", "country", "opening", "message", "closing", "words_in"];
  function keep() {
    if (live.keep) history.replaceState(Object.fromEntries(KEPT.map(name => [name, field(name).value])), "");
  }

  function restore() {
    for (const [name, typed] of Object.entries(history.state || {})) field(name).value = typed;
    for (const leaving of ["beforeunload", "pagehide"]) window.addEventListener(leaving, keep);
  }

  // The language that is believed of own words, as in campaign/letters/tongues.py.
  const scripts = [...new Set(Object.values(live.tongues).flatMap(tongue => tongue[1]))];
  const many = (text, script) => (text.match(new RegExp(`(?=\\p{Script=${script}})\\p{L}`, "gu")) || []).length;
  function believed(text, said) {
    const script = scripts.reduce((best, one) => many(text, one) > many(text, best) ? one : best, scripts[0]);
    const writes = code => live.tongues[code] && live.tongues[code][1].includes(script);
    if (!live.tongues[said] || !many(text, script) || writes(said)) return said;
    const fitting = Object.keys(live.tongues).filter(writes);
    return [live.letter, live.page].find(writes) || (fitting.length === 1 ? fitting[0] : "");
  }

  function marked(text, said) {
    const language = believed(text, said);
    if (!text || !language || language === live.letter) return "";
    return live.marks[text.includes("\n\n") ? 1 : 0].replace("{language}", live.tongues[language][0]);
  }

  function signature() {
    const code = field("country").value, said = field("country").selectedOptions[0];
    const country = code.length === 2 && code !== live.atRisk ? live.countries[code] || said.text : "";
    return [field("name").value.trim(), country].filter(Boolean).join("\n");
  }

  function show() {
    const typed = name => field(name).value.trim().replace(/\n{3,}/g, "\n\n"), message = typed("message");
    const said = {opening: typed("opening"), message, closing: typed("closing"), signature: signature()};
    said.mark = marked(message, field("words_in").value);
    for (const [block, text] of Object.entries(said)) {
      const place = sofar.querySelector(`[data-of=${block}]`);
      place.textContent = text;
      place.hidden = !text;
    }
  }

  // Beside the form where there is room, else below the letter; there it is opened by whoever wants to see it.
  const roomy = matchMedia("(min-width: 60rem) and (min-height: 55rem)"), below = sofar.nextElementSibling;
  function put() {
    if (roomy.matches) document.querySelector("aside").append(sofar);
    else below.before(sofar);
    sofar.open = roomy.matches;
  }

  let chosen;
  function begin() {
    chosen = field("words_in").value !== believed(field("message").value, live.page);
    refresh();
  }

  function refresh(event) {
    const name = event && event.target.name;
    if (name === "words_in") chosen = true;
    else if (name === "message" && !chosen) field("words_in").value = believed(field(name).value, live.page);
    count();
    show();
    const mark = name === "message" ? "[data-of=mark]:not([hidden]), " : "";
    const first = name && sofar.querySelector(`${mark}[data-of=${name}]`);
    if (first) sofar.scrollTop = first.offsetTop - 56; // beside the form it scrolls, and the page stays where it is
  }

  if (live.keep) restore();
  put();
  roomy.addEventListener("change", put);
  sofar.hidden = document.querySelector(".words.below").hidden = false;
  form.addEventListener("input", refresh);
  window.addEventListener("pageshow", begin); // after a reload or on the way back the browser fills in
  begin();
})();
