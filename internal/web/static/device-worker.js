// Runs the verifier beside the page, so that the page stays usable. Takes {id, act, bytes, settings} and answers {id, answer} or
// {id, trouble}. The act "load" starts the verifier; all others are its functions.
'use strict';

async function load({program, runtime}) {
  importScripts(runtime);
  const go = new Go();
  const {instance} = await WebAssembly.instantiateStreaming(fetch(program), go.importObject);
  go.run(instance);
}

self.addEventListener('message', async ({data: {id, act, bytes, settings}}) => {
  try {
    let answer = null;
    if(act === 'load') {
      await load(settings);
    } else if(act === 'forget') {
      self.laurel.forget();
    } else {
      answer = JSON.parse(await self.laurel[act](bytes, JSON.stringify(settings)));
    }
    self.postMessage({id, answer});
  } catch(error) {
    self.postMessage({id, trouble: String(error)});
  }
});
