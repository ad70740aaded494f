/* As much of the ESP32's Arduino headers as examples/esp32.ino uses, to compile it; nothing here does anything. */
#ifndef WIFI_STAND_IN_H
#define WIFI_STAND_IN_H

#include <stddef.h>
#include <stdint.h>

enum { WL_CONNECTED = 3 };

struct WiFiStandIn {
  void begin(const char *, const char *) {}
  int status() { return WL_CONNECTED; }
};
static WiFiStandIn WiFi;

struct WiFiClient {
  int connect(const char *, uint16_t, int32_t) { return 1; }
  void setNoDelay(bool) {}
  int available() { return 0; }
  int read(uint8_t *, size_t) { return 0; }
  size_t write(const uint8_t *, size_t size) { return size; }
  uint8_t connected() { return 1; }
  void stop() {}
};

uint32_t millis();
void delay(uint32_t);
uint32_t esp_random();
float temperatureRead();

#endif
