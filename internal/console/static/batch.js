// The page of a batch that is under way: it asks for itself anew and takes over what has moved.
"use strict";

(() => {
  const every = 2000; // milliseconds
  const said = document.getElementById("said");
  let told = -1; // tens of percent that were read out

  const tell = (page) => {
    const batch = page.getElementById("batch");
    const percent = page.getElementById("percent").value;
    if (batch.dataset.state === "finished") said.textContent = "The batch is finished.";
    else if (told !== Math.floor(percent / 10)) said.textContent = `${percent} percent done.`;
    told = Math.floor(percent / 10);
  };

  const look = async () => {
    let open = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected) return location.reload(); // nobody is signed in any more
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const batch = page.getElementById("batch");
        if (!batch) return location.reload();
        tell(page);
        document.getElementById("batch").replaceWith(document.adoptNode(batch));
        open = batch.dataset.state === "open";
        if (!open) {
          const rest = document.getElementById("rest");
          const within = rest.contains(document.activeElement);
          rest.replaceWith(document.adoptNode(page.getElementById("rest")));
          if (within) document.getElementById("main").focus();
        }
      }
    } catch { /* the server is not there now: ask again */ }
    if (open) setTimeout(look, every);
  };
  setTimeout(look, every);
})();
