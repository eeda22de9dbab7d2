// Laurel-device is the verifier for a browser, as WebAssembly: what internal/device does, for the script of the page /verify/device. It
// is built for GOOS=js and GOARCH=wasm only; `make build` puts it into the server.
package main
