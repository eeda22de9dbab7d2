// Copies texts. Where no script runs they are selected and copied by hand, and plain.css hides the buttons.
"use strict";

const said = document.getElementById("copied");

async function copy(field) {
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy"); // where the clipboard is for secure pages only
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const words = button.firstChild;
  const name = words.textContent;
  button.addEventListener("click", async () => {
    const done = await copy(field);
    said.textContent = "";
    said.textContent = done ? said.dataset.done : said.dataset.failed;
    if (done) {
      button.focus();
      words.textContent = said.dataset.done;
      setTimeout(() => { words.textContent = name; }, 2500);
    }
  });
}
