package qr

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"image/png"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

// readPNG prices a PNG by IHDR and tRNS (PNG Specification, Third Edition, sections 11.2.1 and 11.3.1.1).
func readPNG(data []byte) (image.Image, error) {
	const header = 8 + 8 + 13
	if len(data) < header || string(data[12:16]) != "IHDR" {
		return nil, damaged("the picture is cut short")
	}
	width, height := int(binary.BigEndian.Uint32(data[16:])), int(binary.BigEndian.Uint32(data[20:]))
	depth, colour, interlaced := data[24], data[25], data[28] != 0
	perPixel := 4 * 4 // red, green, blue and alpha
	if colour == 3 || (colour == 0 && !transparent(data)) {
		perPixel = 4
	}
	if depth == 16 {
		perPixel *= 2
	}
	if interlaced {
		perPixel *= 2 // the seven passes are pictures of their own
	}
	if err := afford(width, height, perPixel, 0); err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(data))
}

// transparent tells whether one colour of a PNG means nothing: it is then decoded to four channels.
func transparent(data []byte) bool {
	for rest := data[8:]; len(rest) >= 12; {
		length, kind := int(binary.BigEndian.Uint32(rest)), string(rest[4:8])
		if kind == "IDAT" || length > len(rest)-12 {
			return false
		}
		if kind == "tRNS" {
			return true
		}
		rest = rest[12+length:]
	}
	return false
}

// readGIF prices the first frame of a GIF, which is all that is decoded (GIF89a sections 18 to 25).
func readGIF(data []byte) (image.Image, error) {
	if len(data) < 13 {
		return nil, damaged("the picture is cut short")
	}
	rest := data[13:]
	skip := func(n int) bool {
		if n > len(rest) {
			return false
		}
		rest = rest[n:]
		return true
	}
	if data[10]&0x80 != 0 && !skip(3<<(data[10]&7+1)) {
		return nil, damaged("the picture is cut short")
	}
	for len(rest) > 0 {
		switch rest[0] {
		case 0x21: // an extension: its label, then blocks up to an empty one
			if !skip(2) {
				return nil, damaged("the picture is cut short")
			}
			for {
				if len(rest) == 0 {
					return nil, damaged("the picture is cut short")
				}
				length := int(rest[0])
				if !skip(1 + length) {
					return nil, damaged("the picture is cut short")
				}
				if length == 0 {
					break
				}
			}
		case 0x2c: // a frame
			if len(rest) < 10 {
				return nil, damaged("the picture is cut short")
			}
			width, height := int(binary.LittleEndian.Uint16(rest[5:])), int(binary.LittleEndian.Uint16(rest[7:]))
			// An interlaced frame is put in order in a second buffer.
			if err := afford(width, height, 2*4, 0); err != nil {
				return nil, err
			}
			return gif.Decode(bytes.NewReader(data))
		default:
			return nil, damaged("the picture is damaged")
		}
	}
	return nil, damaged("the picture is cut short")
}

// readWebP reads the first still picture of a WebP container (RFC 9649 section 2). The alpha plane of a lossy picture is left out.
func readWebP(data []byte) (image.Image, error) {
	for rest := data[12:]; len(rest) >= 8; {
		kind, length := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if length > len(rest) {
			return nil, damaged("the picture is cut short")
		}
		chunk := rest[:length]
		switch kind {
		case "VP8 ":
			decoder := vp8.NewDecoder()
			decoder.Init(bytes.NewReader(chunk), len(chunk))
			header, err := decoder.DecodeFrameHeader()
			if err != nil {
				return nil, err
			}
			if err := afford(header.Width, header.Height, 7, 0); err != nil { // luminance, half as much colour, and room for rows
				return nil, err
			}
			return decoder.DecodeFrame()
		case "VP8L":
			config, err := vp8l.DecodeConfig(bytes.NewReader(chunk))
			if err != nil {
				return nil, err
			}
			// Two pictures of four channels, and the tables of at most 2,600 groups of prefix codes. Three bits can name six more
			// symbols, each of 16 bytes (RFC 9649 section 3.7.2.1).
			const groups, tables = 2600 * 2700, 256
			if err := afford(config.Width, config.Height, 8*4, groups+min(len(chunk), mostMemory/tables)*tables); err != nil {
				return nil, err
			}
			return vp8l.Decode(bytes.NewReader(chunk))
		case "ANMF": // a frame of an animation: its position, size and time, then chunks like these
			if length < 16 {
				return nil, damaged("the picture is damaged")
			}
			rest = chunk[16:]
			continue
		}
		rest = rest[min(length+length&1, len(rest)):]
	}
	return nil, damaged("the picture is cut short")
}
