// Beside the address of the appeal: a button that copies it, and the device's own way to share where it has one.
(function () {
  "use strict";
  const place = document.querySelector(".copy");
  if (!place) return;
  const address = place.querySelector("input"), said = place.querySelector("[role=status]");
  const copy = place.querySelector("[data-copied]"), share = place.querySelector("[data-share]");
  address.addEventListener("focus", () => address.select());
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(address.value);
        said.textContent = copy.dataset.copied;
      } catch {
        address.select();
      }
    });
  }
  if (navigator.share) {
    share.hidden = false;
    share.addEventListener("click", () => navigator.share({title: share.dataset.share, url: address.value}).catch(() => {}));
  }
})();
