// The script of an appeal's page, one file, since each costs a slow line a round trip: two parts that do without each other.

// Beside the address of the appeal, or a letter to take along: a button that copies it, and for the address the
// device's own way to share where it has one.
(function () {
  "use strict";
  const place = document.querySelector(".copy");
  if (!place) return;
  const text = place.querySelector("input, textarea"), said = place.querySelector("[role=status]");
  const copy = place.querySelector("[data-copied]"), share = place.querySelector("[data-share]");
  if (text.type === "text") text.addEventListener("focus", () => text.select());
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.value);
        said.textContent = copy.dataset.copied;
      } catch {
        text.select();
      }
    });
  }
  if (share && navigator.share) {
    share.hidden = false;
    share.addEventListener("click", () => navigator.share({title: share.dataset.share, url: text.value}).catch(() => {}));
  }
})();

// Before the form is sent it does a sum (ALTCHA v2: PBKDF2 until the key begins as asked), and hands in the solution.
// It begins when somebody turns to the form. Without this script, or when it fails, the form is sent all the same.
(function () {
  "use strict";
  const field = document.getElementById("altcha"), wait = document.getElementById("altcha-wait");
  const form = field && field.form;
  if (!form || !window.crypto || !crypto.subtle) return;
  const FRESH = 15 * 60 * 1000, PATIENCE = 20 * 1000;
  let began = 0, work = null, sending = false;

  const bytes = hex => Uint8Array.from(hex.match(/../g) || [], pair => parseInt(pair, 16));
  const hex = buffer => Array.from(new Uint8Array(buffer), b => b.toString(16).padStart(2, "0")).join("");
  const pause = ms => new Promise(done => setTimeout(done, ms));

  async function solve() {
    const answer = await fetch(field.dataset.from, {credentials: "omit", cache: "no-store"});
    const challenge = await answer.json(), asked = challenge.parameters;
    const nonce = bytes(asked.nonce), password = new Uint8Array(nonce.length + 4);
    const rule = {name: "PBKDF2", hash: "SHA-256", salt: bytes(asked.salt), iterations: asked.cost};
    password.set(nonce);
    for (let counter = 0; ; counter++) {
      new DataView(password.buffer).setUint32(nonce.length, counter);
      const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      const derivedKey = hex(await crypto.subtle.deriveBits(rule, key, asked.keyLength * 8));
      if (derivedKey.startsWith(asked.keyPrefix)) {
        return btoa(JSON.stringify({challenge, solution: {counter, derivedKey}}));
      }
    }
  }

  function begin() {
    if (!work || Date.now() - began > FRESH) {
      began = Date.now();
      field.value = "";
      work = solve().then(solution => { field.value = solution; }).catch(() => {});
    }
    return work;
  }

  field.value = "";
  form.addEventListener("focusin", begin);
  form.addEventListener("submit", event => {
    if (field.value && Date.now() - began < FRESH) return;
    event.preventDefault();
    if (sending) return;
    sending = true;
    wait.hidden = false;
    Promise.race([begin(), pause(PATIENCE)]).then(() => form.submit());
  });
  window.addEventListener("pageshow", event => { // back from the next page: a solution counts once
    if (!event.persisted) return;
    work = null;
    sending = false;
    field.value = "";
    wait.hidden = true;
  });
})();
