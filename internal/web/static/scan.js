// Reads a QR code with the camera: with what the browser brings along, else with the decoder at the address given. Nothing that the
// camera sees leaves the page but the text of the code, which is returned; the camera is off afterwards.

const widest = 960; // of a picture that is looked at; finer ones take longer and tell no more
const pause = 120; // milliseconds between two looks

// Detector of the browser, where it has one for QR codes.
async function native() {
  if(!('BarcodeDetector' in window) || !(await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
    return null;
  }
  const detector = new BarcodeDetector({formats: ['qr_code']});
  return async video => (await detector.detect(video))[0]?.rawValue;
}

async function bundled(address) {
  const {decodeQR} = await import(address);
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', {willReadFrequently: true});
  return video => {
    const scale = Math.min(1, widest / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return undefined; // no code in this picture
    }
  };
}

// The text of the first code that the camera sees; undefined when the signal aborts first. Rejects where there is no camera, or none that
// this page may use.
export async function read(video, decoder, signal) {
  const stream = await navigator.mediaDevices.getUserMedia({audio: false, video: {facingMode: 'environment', width: {ideal: 1280}}});
  const off = () => {
    stream.getTracks().forEach(track => track.stop());
    video.srcObject = null;
  };
  signal.addEventListener('abort', off);
  try {
    video.srcObject = stream;
    const look = await native() ?? await bundled(decoder);
    if(!signal.aborted) {
      await video.play();
    }
    while(!signal.aborted) {
      const text = video.videoWidth && await look(video);
      if(text) {
        return text;
      }
      await new Promise(done => setTimeout(done, pause));
    }
    return undefined;
  } finally {
    off();
  }
}
