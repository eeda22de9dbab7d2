package picture

import "strings"

func words(text string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(text) {
		all[word] = true
	}
	return all
}

// elements are the elements of SVG 2 that draw, without those that run, animate, lead elsewhere or hold another language.
var elements = words(`svg g a defs symbol use switch title desc style
	path rect circle ellipse line polyline polygon text tspan textPath image
	linearGradient radialGradient stop pattern clipPath mask marker filter
	feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
	feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight
	feSpecularLighting feSpotLight feTile feTurbulence`)

// written are the elements whose text counts.
var written = []string{"title", "desc", "style", "text", "tspan", "textPath"}

// attributes are those that draw or describe. href is judged apart.
var attributes = words(`id class style transform role aria-label aria-labelledby aria-describedby aria-hidden lang
	x y z x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy width height d points pathLength viewBox preserveAspectRatio version
	fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray
	stroke-dashoffset paint-order vector-effect color opacity display visibility overflow clip clip-path clip-rule mask filter
	mix-blend-mode isolation shape-rendering text-rendering image-rendering color-interpolation color-interpolation-filters color-rendering
	flood-color flood-opacity lighting-color stop-color stop-opacity offset gradientUnits gradientTransform spreadMethod
	patternUnits patternContentUnits patternTransform clipPathUnits maskUnits maskContentUnits mask-type filterUnits primitiveUnits
	marker marker-start marker-mid marker-end markerUnits markerWidth markerHeight refX refY orient
	font font-family font-size font-size-adjust font-stretch font-style font-variant font-weight letter-spacing word-spacing
	text-anchor text-decoration text-transform dominant-baseline alignment-baseline baseline-shift direction unicode-bidi writing-mode
	textLength lengthAdjust rotate startOffset method spacing side kerning
	in in2 result type values tableValues slope intercept amplitude exponent mode operator k1 k2 k3 k4 order kernelMatrix divisor bias
	targetX targetY edgeMode preserveAlpha surfaceScale diffuseConstant specularConstant specularExponent limitingConeAngle azimuth
	elevation pointsAtX pointsAtY pointsAtZ scale xChannelSelector yChannelSelector stdDeviation radius baseFrequency numOctaves seed
	stitchTiles`)
