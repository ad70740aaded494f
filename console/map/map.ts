/**
 * map/ draws devices and their ways on a map, and knows where they are. The outlines of the land are bundled with the console, so that no
 * address of an operator or a device leaves the gateway. Only if the gateway names a map server are its tiles drawn in their place.
 */
import L from 'leaflet';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import land from 'world-atlas/land-110m.json';
import { onFlatMap } from './land.js';
import type { Place } from './places.js';
import type { TrackPoint } from './track.js';

/** A map on the page. */
export interface DeviceMap {
  /** Draws the devices. Those that were drawn before only move. */
  show(places: ReadonlyMap<string, Place>): void;
  /** Draws the way of a device; no points: none. */
  track(points: readonly TrackPoint[]): void;
  /** Moves the map to the way of a device, or else to all devices. */
  fit(): void;
  /** Moves the map to a device and opens its popup; does nothing if it is not on the map. */
  open(id: string): void;
  /** Removes the map and its listeners. */
  end(): void;
}

/** What a map needs of the page. */
export interface MapOptions {
  /** The map server; null: the land is drawn. */
  tiles: { url: string; attribution: string } | null;
  /** No tile could be loaded, so the land is drawn in their place. */
  tilesFailed(): void;
  /** What is called by its name beside a marker. */
  label(id: string): string;
  /** What a popup shows. */
  popup(id: string): HTMLElement;
  /** A time as text, for the ends of a way. */
  timeText(ts: number): string;
}

const fitZoomMax = 11;
/** More devices have no edge: edges take more than half of the time in which thousands are drawn. */
const edgedMax = 500;
/** With tiles there is something to see further in. */
const fitZoomMaxTiles = 16;
/** The distances between the lines of the net, and how far apart they are on the screen at least. */
const netDegrees = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];
const netPixels = 90;

/**
 * A Leaflet map in the colours of the page. All devices are on one canvas, and what does not move is on another one below it, so that
 * thousands that move stay smooth.
 */
export function createDeviceMap(element: HTMLElement, options: MapOptions): DeviceMap {
  const map = L.map(element, { preferCanvas: true, worldCopyJump: true, minZoom: 1, maxZoom: 19, zoomSnap: 0.5 });
  map.setView([20, 0], 2);
  map.attributionControl.setPrefix(false);
  L.control.scale({ imperial: false }).addTo(map);
  const endGround = showGround(map, element, options);
  const markers = new Map<string, L.CircleMarker>();
  const ids = new WeakMap<L.Layer, string>();
  const group = L.featureGroup().addTo(map);
  let isEdged = true;
  // A tooltip and a popup are made when they are first wanted: thousands of them would take long.
  group.on('mouseover', ({ propagatedFrom: marker }) => {
    if (marker.getTooltip() === undefined)
      marker.bindTooltip(() => textElement(options.label(ids.get(marker) ?? ''))).openTooltip();
  });
  const openPopup = (marker: L.Layer): void => {
    if (marker.getPopup() === undefined) marker.bindPopup(() => options.popup(ids.get(marker) ?? ''));
    marker.openPopup();
  };
  group.on('click', ({ propagatedFrom: marker }) => marker.getPopup() === undefined && openPopup(marker));
  const endTheme = onTheme(() => group.setStyle(markerStyle(element, isEdged)));
  const way = L.featureGroup().addTo(map);
  const observer = new ResizeObserver(() => map.invalidateSize());
  observer.observe(element);
  let isFitted = false;

  const maxZoom = options.tiles === null ? fitZoomMax : fitZoomMaxTiles;
  const fit = (): void => {
    const bounds = way.getBounds().isValid()
      ? way.getBounds()
      : L.latLngBounds([...markers.values()].map((marker) => marker.getLatLng()));
    if (bounds.isValid()) map.fitBounds(bounds.pad(0.1), { maxZoom, animate: false });
  };
  return {
    show(places) {
      if (places.size > edgedMax === isEdged) {
        isEdged = !isEdged;
        group.setStyle(markerStyle(element, isEdged));
      }
      const style = markerStyle(element, isEdged);
      for (const [id, { lat, lon }] of places) {
        const marker = markers.get(id);
        if (marker === undefined) {
          const made = L.circleMarker([lat, lon], style).addTo(group);
          markers.set(id, made);
          ids.set(made, id);
        } else {
          const before = marker.getLatLng();
          if (before.lat !== lat || before.lng !== lon) marker.setLatLng([lat, lon]);
        }
      }
      for (const [id, marker] of markers)
        if (!places.has(id)) {
          group.removeLayer(marker);
          markers.delete(id);
        }
      if (isFitted || markers.size === 0) return;
      isFitted = true;
      fit();
    },
    track: (points) => drawWay(way, points, options.timeText),
    fit,
    open(id) {
      const marker = markers.get(id);
      if (marker === undefined) return;
      map.setView(marker.getLatLng(), Math.max(map.getZoom(), fitZoomMax), { animate: false });
      openPopup(marker);
    },
    end() {
      observer.disconnect();
      endTheme();
      endGround();
      map.remove();
    },
  };
}

/** Leaflet takes texts as HTML; an element holds a name as it is. */
function textElement(text: string): HTMLElement {
  const element = document.createElement('span');
  element.textContent = text;
  return element;
}

/**
 * Shows what is below the devices, until the returned function is called: the tiles of the map server, or the land and a net of degrees
 * in the colours of the page.
 */
function showGround(map: L.Map, element: HTMLElement, { tiles, tilesFailed }: MapOptions): () => void {
  const pane = map.createPane('ground');
  pane.style.zIndex = '350';
  const renderer = L.canvas({ pane: 'ground' });
  const [ground, net] = [L.layerGroup().addTo(map), L.layerGroup().addTo(map)];
  let hasTiles = tiles !== null;
  const paint = (): void => {
    if (hasTiles) return;
    ground.clearLayers();
    drawLand(ground, renderer, element);
    drawNet(net, renderer, map, element);
  };
  const useLand = (): void => {
    hasTiles = false;
    map.attributionControl.addAttribution('Land: Natural Earth');
    paint();
  };
  if (tiles === null) useLand();
  else
    addTiles(map, tiles, () => {
      useLand();
      tilesFailed();
    });
  map.on('moveend', () => {
    if (!hasTiles) drawNet(net, renderer, map, element);
  });
  return onTheme(paint);
}

/** Calls `paint` whenever the colours of the page change, until the returned function is called. */
function onTheme(paint: () => void): () => void {
  addEventListener('themechange', paint);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', paint);
  return () => {
    removeEventListener('themechange', paint);
    dark.removeEventListener('change', paint);
  };
}

/** Adds the tiles. `failed` is called, and the tiles are removed, if the first answer is an error. */
function addTiles(map: L.Map, { url, attribution }: { url: string; attribution: string }, failed: () => void): void {
  const text = textElement(attribution).innerHTML;
  // Map servers ask who shows their tiles; they read the address of the console, and not its path.
  const layer = L.tileLayer(url, { attribution: text, maxZoom: 19, referrerPolicy: 'strict-origin' });
  let isKnown = false;
  layer.on('tileload', () => {
    isKnown = true;
  });
  layer.on('tileerror', () => {
    if (isKnown) return;
    isKnown = true;
    layer.remove();
    failed();
  });
  layer.addTo(map);
}

/** The way as a line, with its first and its last place. It is SVG, whose colours are those of CSS. */
function drawWay(way: L.FeatureGroup, points: readonly TrackPoint[], timeText: (ts: number) => string): void {
  way.clearLayers();
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return;
  const renderer = L.svg();
  const line = points.map(({ lat, lon }): [number, number] => [lat, lon]);
  way.addLayer(L.polyline(line, { renderer, interactive: false, className: 'way' }));
  for (const [name, { lat, lon, ts }] of [
    ['first', first],
    ['last', last],
  ] as const)
    way.addLayer(
      L.circleMarker([lat, lon], { renderer, radius: 5, className: `way-end ${name}` }).bindTooltip(() =>
        textElement(timeText(ts)),
      ),
    );
}

/** A canvas takes no variables of CSS, so the colour is that of an element. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

const markerStyle = (element: HTMLElement, isEdged: boolean): L.CircleMarkerOptions => ({
  radius: 6,
  stroke: isEdged,
  color: colourOf(element, '--surface'),
  weight: 1.5,
  fillColor: colourOf(element, '--accent'),
  fillOpacity: 0.95,
});

/** Draws the land. */
function drawLand(ground: L.LayerGroup, renderer: L.Renderer, element: HTMLElement): void {
  const topology = land as unknown as Topology<{ land: GeometryCollection }>;
  const style = {
    renderer,
    color: colourOf(element, '--edge'),
    weight: 1,
    fillColor: colourOf(element, '--surface'),
    fillOpacity: 1,
  };
  for (const { geometry } of feature(topology, topology.objects.land).features) {
    const polygons = geometry.type === 'MultiPolygon' ? geometry.coordinates : [];
    const coordinates = onFlatMap(polygons);
    L.geoJSON({ type: 'MultiPolygon', coordinates } as GeoJSON.MultiPolygon, { interactive: false, style }).addTo(
      ground,
    );
  }
}

/** Draws the net of degrees of what the map shows, so that there is something to go by where the land has no detail. */
function drawNet(net: L.LayerGroup, renderer: L.Renderer, map: L.Map, element: HTMLElement): void {
  net.clearLayers();
  const bounds = map.getBounds().pad(0.5);
  const degrees = netDegrees.find((step) => (step / 360) * 256 * 2 ** map.getZoom() >= netPixels) ?? 30;
  const line = { renderer, interactive: false, color: colourOf(element, '--edge'), weight: 1, opacity: 0.35 };
  const [south, north] = [Math.max(-85, bounds.getSouth()), Math.min(85, bounds.getNorth())];
  for (let i = Math.ceil(bounds.getWest() / degrees); i * degrees <= bounds.getEast(); i++)
    L.polyline(
      [
        [south, i * degrees],
        [north, i * degrees],
      ],
      line,
    ).addTo(net);
  for (let i = Math.ceil(south / degrees); i * degrees <= north; i++)
    L.polyline(
      [
        [i * degrees, bounds.getWest()],
        [i * degrees, bounds.getEast()],
      ],
      line,
    ).addTo(net);
}
