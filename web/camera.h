/*
 * camera.h - handlers of an operator's work on cameras. Who may is storage's
 * word, as everywhere (P6).
 */
#ifndef SAQTA_WEB_CAMERA_H
#define SAQTA_WEB_CAMERA_H

#include "web/http.h"

void camera_probe(struct http *x);
void camera_onvif(struct http *x);
void camera_discover(struct http *x);
void camera_add(struct http *x);
void camera_enable(struct http *x);
void camera_disable(struct http *x);
void camera_replace(struct http *x);
void camera_retire(struct http *x);
void camera_move(struct http *x);
void camera_atm_move(struct http *x);
void camera_picture(struct http *x);
void camera_aim_open(struct http *x);
void camera_keypad(struct http *x);
void camera_zones(struct http *x);

#endif
