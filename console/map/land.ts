type Ring = number[][];

/** South of this is only Antarctica, whose ring goes along the pole from one edge of the map to the other. */
const southPole = -85;

/**
 * Polygons as a flat map can draw them: a ring that crosses the date line goes on beyond 180°, and is there a second time one turn
 * further west. Without this its edge would cross the whole map. Positions are [longitude, latitude] in degrees.
 */
export function onFlatMap(polygons: readonly Ring[][]): Ring[][] {
  return polygons.flatMap((rings) => {
    const flat = rings.map(unwrapped);
    const [least, greatest] = [Math.min, Math.max].map((pick) => flat.flat().reduce((a, [lon]) => pick(a, lon), 0));
    const turned = (degrees: number): Ring[] => flat.map((ring) => ring.map(([lon, lat]) => [lon + degrees, lat]));
    if (greatest > 180) return [flat, turned(-360)];
    return least < -180 ? [flat, turned(360)] : [flat];
  });
}

/** The ring with longitudes that never jump from one edge of the map to the other. */
function unwrapped(ring: Ring): Ring {
  if (ring.some(([, lat]) => lat < southPole)) return ring;
  let before = ring[0]?.[0] ?? 0;
  return ring.map(([lon, lat]) => {
    before = lon + 360 * Math.round((before - lon) / 360);
    return [before, lat];
  });
}
