// Signing in with a passkey, and adding one. The server begins a ceremony and judges its answer; this only carries both.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !navigator.credentials || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  const problem = document.getElementById("passkey-problem");

  const ask = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST", headers: { "Accept": "application/json", "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  };

  const attempt = (button, act) => async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true;
    try {
      location.assign((await act()).next);
    } catch (e) {
      problem.textContent = e.name === "NotAllowedError" ? "The passkey was not used. You can try once more." : e.message;
      problem.hidden = false;
      button.disabled = false;
    }
  };

  const enter = document.getElementById("passkey-sign-in");
  if (enter) {
    enter.hidden = false;
    enter.addEventListener("click", attempt(enter, async () => {
      const begun = await ask("/sign-in/passkey/begin");
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun);
      return ask("/sign-in/passkey/finish", (await navigator.credentials.get({ publicKey })).toJSON());
    }));
  }

  const add = document.getElementById("passkey-new");
  if (add) {
    const button = add.querySelector("button");
    button.hidden = false;
    add.addEventListener("submit", attempt(button, async () => {
      const begun = await ask("/console/account/passkeys/begin");
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun);
      const made = (await navigator.credentials.create({ publicKey })).toJSON();
      return ask("/console/account/passkeys/finish", { name: add.elements.name.value, credential: made });
    }));
  }
})();
